/** What of a conversation is fetched from the host, and when. */
import type { ConversationSummary, ConversationView, StoredMessage } from "../bridge/contract";
import { failureOf } from "../bridge/hostError";
import type { ConversationCore } from "./core";
import type { ModelRef } from "./state";

/** How many messages are asked for when a conversation is opened, and when its reader goes up. */
export const FIRST_PAGE = 30;
const PAGE = 60;
const EVERYTHING = 20_000;

export interface ConversationHistory {
  /** Fetch it anew, as much of it as is shown. */
  refresh(): Promise<void>;
  choose(messageId: string): Promise<void>;
  /** Make the path lead through this message, and look at it. */
  reveal(messageId: string): Promise<void>;
  loadEarlier(): Promise<void>;
  /** The host's list says this of it. */
  notice(summary: ConversationSummary | null): void;
  /** Nobody looks at it: the next time, its end is enough. */
  leave(): void;
}

export function createHistory(core: ConversationCore): ConversationHistory {
  const { store, rows, change } = core;
  const { conversations } = core.host.client;
  let turns = 0;

  function show(view: ConversationView): void {
    const messages = rows.take(view.messages);
    core.count = view.conversation.messageCount;
    const answeredBy = lastBy(view.messages) ?? store.get().answeredBy;
    change({ phase: "open", messages, earlier: view.earlier, answeredBy });
  }

  /** Something that was said meanwhile is not in it, and must not vanish: then it is too old. */
  async function look(fetch: () => Promise<ConversationView>): Promise<void> {
    const { run } = store.get();
    const view = await fetch();
    if (store.get().run === run) show(view);
  }

  /** One call at a time decides what is shown; what the list says meanwhile is not news. */
  async function act(fetch: () => Promise<void>): Promise<void> {
    core.acting += 1;
    try {
      await fetch();
    } catch (error) {
      core.again = () => void act(fetch);
      change({ refused: failureOf(error) });
    } finally {
      core.acting -= 1;
    }
  }

  async function refresh(): Promise<void> {
    const { id, messages } = store.get();
    if (id === null) return;
    const limit = Math.min(EVERYTHING, Math.max(FIRST_PAGE, messages.length));
    await act(async () => {
      try {
        await look(() => conversations.get({ conversationId: id, limit }));
      } catch (error) {
        if (failureOf(error).code !== "NOT_FOUND") throw error;
        change({ phase: "gone" });
      }
    });
  }

  const choose = (messageId: string) => act(() => look(() => conversations.choose(messageId)));

  const rowOf = (messageId: string) =>
    store.get().messages.find((row) => rows.get(row)?.get().message.id === messageId);

  return {
    refresh,
    choose,
    async reveal(messageId) {
      await choose(messageId);
      const { id, earlier } = store.get();
      if (rowOf(messageId) === undefined && id !== null && earlier > 0) {
        const request = { conversationId: id, limit: EVERYTHING };
        await act(() => look(() => conversations.get(request)));
      }
      const key = rowOf(messageId);
      turns += 1;
      if (key !== undefined) change({ target: { key, turn: turns } });
    },
    async loadEarlier() {
      const { id, messages, earlier } = store.get();
      const before = rows.get(messages[0] ?? "")?.get().message.id;
      if (id === null || earlier === 0 || before === undefined || core.acting > 0) return;
      await act(async () => {
        const view = await conversations.get({ conversationId: id, before, limit: PAGE });
        if (store.get().messages[0] !== messages[0]) return;
        const found = rows.take(view.messages);
        change({ messages: [...found, ...store.get().messages], earlier: view.earlier });
      });
    },
    notice(summary) {
      const { phase, run } = store.get();
      if (phase !== "open" || core.acting > 0 || summary === null) return;
      const { messageCount, inferenceId } = summary;
      const isOurs = inferenceId === null || inferenceId === run?.id;
      if (messageCount !== core.count || !isOurs) void refresh();
    },
    leave() {
      const { messages, earlier } = store.get();
      const spare = messages.length - FIRST_PAGE;
      if (spare > 0) change({ messages: messages.slice(spare), earlier: earlier + spare });
    },
  };
}

function lastBy(messages: readonly StoredMessage[]): ModelRef | null {
  const last = messages.findLast(({ role, modelId }) => role === "assistant" && modelId !== null);
  const { providerId, modelId } = last ?? {};
  return providerId != null && modelId != null ? { providerId, modelId } : null;
}
