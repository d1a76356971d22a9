/** Conversation: one that is open: its chosen path, what is being said in it, and what is typed. */
import type { ConversationSummary, StoredMessage } from "../bridge/contract";
import type { Run } from "../llm/run";
import type { ReadonlyStore, Store } from "../llm/store";
import { joined, NEW_CHAT } from "./drafts";
import { createGround, type GroundOptions } from "./ground";
import { createReading } from "./reading";
import { createSaying } from "./saying";
import type { By, ConversationState } from "./state";

export type { By, ConversationState } from "./state";

export interface Conversation extends ReadonlyStore<ConversationState> {
  /** What the page calls it; the host's id may come later. */
  readonly key: string;
  readonly draft: Store<string>;
  /** Read it from the host. */
  open(): Promise<void>;
  /** Say the draft, or this text in its place. False when there was nothing to say. */
  send(text?: string): boolean;
  /** Say the draft once the answer is complete. */
  enqueue(): boolean;
  /** Take what waits back into the draft. */
  unqueue(): void;
  stop(): void;
  edit(key: string, text: string): void;
  regenerate(key: string): void;
  /** Who shall answer from now on. */
  choose(by: By): void;
  /** Go on with an answer that was cut short. */
  goOn(key: string): void;
  /** Ask again what failed or was refused last. */
  retry(): void;
  /** Show the version of a message that lies so many steps further. */
  step(key: string, by: number): Promise<void>;
  /** Make the path lead through this message, and look at it. */
  reveal(messageId: string): Promise<void>;
  loadEarlier(): Promise<void>;
  /** The host's list says this of it. */
  notice(summary: ConversationSummary | null): void;
  setTemporary(temporary: boolean): void;
  dismiss(): void;
  isBusy(): boolean;
  /** Nobody looks at it: the next time, its end is enough. */
  leave(): void;
  /** Let go of its rows. */
  close(): void;
}

export interface ConversationOptions extends GroundOptions {
  /** Told when a conversation that was new has got the host's id. */
  readonly onBegun: (conversation: Conversation) => void;
}

export function createConversation(options: ConversationOptions): Conversation {
  const ground = createGround(options, ended);
  const { store, rows, draft, change, isBusy } = ground;
  const { conversations } = options.host.client;
  const reading = createReading(ground);
  const begin = createSaying(ground, () => options.onBegun(self));
  /** What is said as soon as the conversation is there. */
  let waiting: string | null = null;

  /** An answer is complete: what was typed meanwhile is said. Cut short, it is for the writer. */
  function ended(run: Run): void {
    const { status, failure, next } = run.get();
    if (failure?.code === "NOT_FOUND" && next === 0) void reading.refresh();
    const [first, ...rest] = store.get().queue;
    if (store.get().run !== run || first === undefined) return;
    if (status !== "done") {
      unqueue();
      return;
    }
    change({ queue: rest });
    ground.keepDraft();
    say(first);
  }

  function unqueue(): void {
    const { queue } = store.get();
    change({ queue: [] });
    draft.set(joined([...queue, draft.get()]));
    ground.keepDraft();
  }

  function say(text: string): void {
    const { by, messages } = store.get();
    // Another window may have chosen another path: this follows what is seen here.
    const after = rows.get(messages.at(-1) ?? "")?.get().message.id;
    begin({
      before: messages,
      question: { text, siblings: [] },
      answer: null,
      siblings: [],
      by,
      ask: (inferenceId, conversationId) =>
        conversations.send({ conversationId, content: text, inferenceId, after, ...by }),
    });
  }

  /** The row's place in the path and its message, when something can be done with it now. */
  function at(row: string): { place: number; message: StoredMessage } | null {
    const place = store.get().messages.indexOf(row);
    const message = rows.get(row)?.get().message;
    return place === -1 || message === undefined || isBusy() ? null : { place, message };
  }

  async function open(): Promise<void> {
    if (store.get().phase !== "opening") return;
    await options.host.llm.ready();
    await reading.refresh();
    const { phase, messages } = store.get();
    const { unsure } = ground;
    if (unsure !== null && phase === "open") {
      const runs = messages.map((row) => rows.get(row)?.get().message.inferenceId);
      if (!runs.includes(unsure.inferenceId)) ground.giveBack(unsure.text);
      ground.keepDraft();
    }
    const text = waiting;
    waiting = null;
    if (text === null) return;
    if (phase === "open" && !isBusy()) say(text);
    else ground.giveBack(text);
  }

  const self: Conversation = {
    key: options.id ?? `${NEW_CHAT}-${crypto.randomUUID()}`,
    get: store.get,
    subscribe: store.subscribe,
    draft,
    open,
    isBusy,
    unqueue,
    loadEarlier: reading.loadEarlier,
    notice: reading.notice,
    leave: reading.leave,
    close: rows.clear,
    choose: (by) => change({ by }),
    dismiss: () => change({ refused: null }),
    send(text) {
      const said = text ?? draft.get();
      const { phase } = store.get();
      if (said.trim() === "" || isBusy() || waiting !== null || phase === "gone") return false;
      if (text === undefined) draft.set("");
      if (phase === "opening") waiting = said;
      else say(said);
      return true;
    },
    enqueue() {
      const text = draft.get();
      if (text.trim() === "" || !isBusy()) return false;
      change({ queue: [...store.get().queue, text] });
      draft.set("");
      return true;
    },
    stop() {
      if (isBusy()) void store.get().run?.cancel();
    },
    edit(row, text) {
      const found = at(row);
      if (found === null || text.trim() === "") return;
      const { by, messages } = store.get();
      const { id: messageId, siblings } = found.message;
      begin({
        before: messages.slice(0, found.place),
        question: { text, siblings },
        answer: null,
        siblings: [],
        by,
        ask: (inferenceId) => conversations.edit({ messageId, content: text, inferenceId, ...by }),
      });
    },
    regenerate(row) {
      const found = at(row);
      if (found === null) return;
      const { by, messages } = store.get();
      const { id: messageId, role, siblings } = found.message;
      const isQuestion = role === "user"; // one that nobody has answered
      begin({
        before: messages.slice(0, isQuestion ? found.place + 1 : found.place),
        question: null,
        answer: null,
        siblings: isQuestion ? [] : siblings,
        by,
        ask: (inferenceId) => conversations.regenerate({ messageId, inferenceId, ...by }),
      });
    },
    goOn(row) {
      const found = at(row);
      if (found === null) return;
      const messageId = found.message.id;
      begin({
        before: store.get().messages.slice(0, found.place),
        question: null,
        answer: row,
        siblings: [],
        by: null,
        ask: (inferenceId) => conversations.continueAnswer({ messageId, inferenceId }),
      });
    },
    retry() {
      const { refused, messages } = store.get();
      const last = messages.at(-1);
      if (refused === null) {
        if (last !== undefined) self.regenerate(last);
      } else if (ground.again === null) self.send();
      else {
        change({ refused: null });
        ground.again();
      }
    },
    async step(row, by) {
      const found = at(row);
      if (found === null) return;
      const { siblings, id } = found.message;
      const other = siblings[siblings.indexOf(id) + by];
      if (other !== undefined) await reading.choose(other);
    },
    async reveal(messageId) {
      await open();
      await reading.reveal(messageId);
    },
    setTemporary(temporary) {
      if (store.get().phase !== "new") return;
      if (temporary) ground.forgetDraft(NEW_CHAT);
      change({ temporary });
    },
  };
  return self;
}
