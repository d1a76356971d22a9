/** An open conversation: its chosen path, what is being said in it, and what is typed. */

import type { AttachmentList } from "../attachments/attachmentList";
import {
  type DraftAttachment,
  type DraftMessage,
  isBlank,
  isReady,
} from "../attachments/draftAttachment";
import type { ConversationSummary, StoredMessage } from "../bridge/contract";
import type { ReadonlyStore, Store } from "../lib/store";
import type { Run } from "../llm/run";
import type { CallVerdict } from "./callVerdict";
import { type CoreOptions, createCore } from "./core";
import { NEW_CHAT } from "./drafts";
import { createEdits, type Edits } from "./edits";
import { createHistory } from "./history";
import type { HostStorage } from "./hostStorage";
import type { ConversationState, ModelRef } from "./state";
import { createToolChoice, type ToolChoice } from "./toolChoice";
import { createTurns } from "./turns";

export type { ConversationState, ModelRef } from "./state";

export interface Conversation extends ReadonlyStore<ConversationState> {
  /** What the page calls it; the host's id may come later. */
  readonly key: string;
  readonly draft: Store<string>;
  /** What goes with the draft. */
  readonly tray: AttachmentList;
  /** Put something before what is typed. */
  giveBack(written: DraftMessage): void;
  /** Questions that are being changed where they stand. */
  readonly edits: Edits;
  /** The tools that its model may call. */
  readonly tools: ToolChoice;
  /** Read it from the host. */
  open(): Promise<void>;
  /**
   * Say the draft, or this text in its place. False when there was nothing to say, or when
   * something of it cannot be sent.
   */
  send(text?: string): boolean;
  /** Say the draft once the answer is complete. */
  enqueue(): boolean;
  /** Take what waits back into the draft. */
  unqueue(): void;
  stop(): void;
  /** Ask what was written in a question's place. False while that cannot be: it stays there. */
  edit(key: string): boolean;
  regenerate(key: string): void;
  /** Who shall answer from now on. */
  choose(by: ModelRef | null): void;
  /** Go on with an answer that was cut short. */
  goOn(key: string): void;
  /**
   * Decide about a call of an answer. False when somebody else has decided before. Rejects with what
   * is wrong; then the call waits on.
   */
  decide(key: string, verdict: CallVerdict): Promise<boolean>;
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
  /** Nothing is typed, attached or waiting. */
  isUntouched(): boolean;
  /** Let go of, it can be built again from what is kept of it. */
  isSpare(): boolean;
  /** Look what the host has of its draft, which counts only where nothing is typed. */
  recall(): Promise<void>;
  /** Nobody looks at it: the next time, its end is enough. */
  leave(): void;
  /** Let go of its rows. */
  close(): void;
}

export interface ConversationOptions extends CoreOptions {
  readonly notes?: HostStorage;
  /** Told when a conversation that was new has got the host's id. */
  readonly onBegun: (conversation: Conversation) => void;
}

export function createConversation(options: ConversationOptions): Conversation {
  const core = createCore(options, ended);
  const { store, rows, draft, tray, change, isBusy } = core;
  const { conversations } = options.host.client;
  const history = createHistory(core);
  const edits = createEdits(core);
  const tools = createToolChoice(options.notes ?? null, () => {
    const { id, temporary } = store.get();
    return temporary ? null : id;
  });
  const { offered } = tools;
  const begin = createTurns(core, () => {
    tools.keep();
    options.onBegun(self);
  });
  /** What is said as soon as the conversation is there. */
  let waiting: DraftMessage | null = null;

  /** An answer is complete: what was typed meanwhile is said. Cut short, it is for the writer. */
  function ended(run: Run): void {
    const { status, failure, next } = run.get();
    if (failure?.code === "NOT_FOUND" && next === 0) void history.refresh();
    const [first, ...rest] = store.get().queue;
    if (store.get().run !== run || first === undefined) return;
    if (status !== "done") {
      unqueue();
      return;
    }
    change({ queue: rest });
    core.keepDraft();
    say(first);
  }

  function unqueue(): void {
    const { queue } = store.get();
    change({ queue: [] });
    for (const written of [...queue].reverse()) core.giveBack(written);
    core.keepDraft();
  }

  function say(written: DraftMessage): void {
    const { by, messages } = store.get();
    // Another window may have chosen another path: this follows what is seen here.
    const after = rows.get(messages.at(-1) ?? "")?.get().message.id;
    begin({
      before: messages,
      question: { written, siblings: [] },
      answer: null,
      siblings: [],
      by,
      ask: (inferenceId, conversationId, content) =>
        conversations.send({ conversationId, content, inferenceId, after, ...by, ...offered() }),
    });
  }

  const isUntouched = (): boolean =>
    draft.get() === "" && tray.get().length === 0 && store.get().queue.length === 0;

  /** Whether something is written, and all of it can be sent. */
  function isSayable(): boolean {
    const attached: readonly DraftAttachment[] = tray.get();
    return attached.every(isReady) && !isBlank({ text: draft.get(), attached });
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
    await history.refresh();
    const { phase, messages } = store.get();
    const { unsure } = core;
    if (unsure !== null && phase === "open") {
      const runs = messages.map((row) => rows.get(row)?.get().message.inferenceId);
      if (!runs.includes(unsure.inferenceId)) core.giveBack(unsure);
      core.keepDraft();
    }
    void recall();
    const chosen = tools.recall();
    if (waiting !== null) await chosen;
    const written = waiting;
    waiting = null;
    if (written === null) return;
    if (phase === "open" && !isBusy()) say(written);
    else core.giveBack(written);
  }

  async function recall(): Promise<void> {
    const { id } = store.get();
    const isWanted = () => {
      const now = store.get();
      return now.id === id && !now.temporary && isUntouched() && !isBusy();
    };
    if (!isWanted() || core.unsure !== null) return;
    const { text, attached } = await options.drafts.recall(id ?? NEW_CHAT);
    if (!isWanted()) return;
    tray.put(attached);
    if (text !== "") draft.set(text);
  }

  const self: Conversation = {
    key: options.id ?? `${NEW_CHAT}-${crypto.randomUUID()}`,
    get: store.get,
    subscribe: store.subscribe,
    draft,
    tray,
    giveBack: core.giveBack,
    edits,
    tools,
    open,
    isBusy,
    isUntouched,
    isSpare() {
      // Attachments are kept as far as there is room, edits and what is temporary nowhere else.
      const isKept = tray.get().length === 0 && (!store.get().temporary || draft.get() === "");
      return isKept && edits.get().size === 0 && waiting === null && !isBusy();
    },
    recall,
    unqueue,
    loadEarlier: history.loadEarlier,
    notice: history.notice,
    leave: history.leave,
    close: rows.clear,
    choose: (by) => change({ by }),
    dismiss: () => change({ refused: null }),
    send(text) {
      const { phase } = store.get();
      const isFree = !isBusy() && waiting === null && phase !== "gone";
      if (!isFree || (text === undefined ? !isSayable() : text.trim() === "")) return false;
      const said = text === undefined ? core.takeWritten() : { text, attached: [] };
      if (phase === "opening") waiting = said;
      else say(said);
      return true;
    },
    enqueue() {
      if (!isSayable() || !isBusy()) return false;
      const { queue } = store.get();
      change({ queue: [...queue, core.takeWritten()] });
      core.keepDraft();
      return true;
    },
    stop() {
      if (isBusy()) void store.get().run?.cancel();
    },
    edit(row) {
      const found = at(row);
      const edit = edits.get().get(row);
      if (found === null || edit === undefined) return false;
      const written = { text: edit.draft.get(), attached: edit.tray.get() };
      if (isBlank(written)) return false;
      edits.end(row);
      const { by, messages } = store.get();
      const { id: messageId, siblings } = found.message;
      begin({
        before: messages.slice(0, found.place),
        question: { written, siblings },
        answer: null,
        siblings: [],
        by,
        ask: (inferenceId, _, content) =>
          conversations.edit({ messageId, content, inferenceId, ...by, ...offered() }),
      });
      return true;
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
        ask: (inferenceId) =>
          conversations.regenerate({ messageId, inferenceId, ...by, ...offered() }),
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
        ask: (inferenceId) =>
          conversations.continueAnswer({ messageId, inferenceId, ...offered() }),
      });
    },
    async decide(row, verdict) {
      const messageId = rows.get(row)?.get().message.id;
      if (messageId === undefined) return false;
      const { taken } = await conversations.decide({ ...verdict, ...offered(), messageId });
      // While the run that asked goes on, its events say what came of it.
      if (!isBusy()) void history.refresh();
      return taken;
    },
    retry() {
      const { refused, messages } = store.get();
      const last = messages.at(-1);
      if (refused === null) {
        if (last !== undefined) self.regenerate(last);
      } else if (core.again === null) self.send();
      else {
        change({ refused: null });
        core.again();
      }
    },
    async step(row, by) {
      const found = at(row);
      if (found === null) return;
      const { siblings, id } = found.message;
      const other = siblings[siblings.indexOf(id) + by];
      if (other !== undefined) await history.choose(other);
    },
    async reveal(messageId) {
      await open();
      await history.reveal(messageId);
    },
    setTemporary(temporary) {
      const { phase, temporary: before } = store.get();
      if (phase !== "new" || temporary === before) return;
      change({ temporary });
      if (temporary) core.forgetDraft(NEW_CHAT);
      else core.keepDraft();
    },
  };
  return self;
}
