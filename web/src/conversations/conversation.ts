/** An open conversation: performs its state machine's actions and reports the results to it. */
import {
  type DraftMessage,
  isBlank,
  isReady,
  NO_MESSAGE,
  type SetUp,
  templateOf,
} from "../attachments/draftAttachment";
import type {
  BudgetRaise,
  CallDecision,
  ConversationSummary,
  ConversationView,
  EndReason,
  Failure,
  MessageTemplate,
  Preview,
} from "../bridge/contract";
import { failureOf } from "../bridge/hostError";
import { newInferenceId } from "../bridge/llmApi";
import type { BlobCache } from "../lib/blobs";
import { createStore, type ReadonlyStore } from "../lib/store";
import { attachRun, type Run, startRun } from "../llm/run";
import { type AnswerChoice, createAnswerChoice } from "./answerOptions";
import { type Drafts, NEW_CHAT } from "./drafts";
import { type Edits, editedMessage } from "./edits";
import type { HostPort } from "./hostPort";
import type { HostStorage } from "./hostStorage";
import {
  type ConversationEvent,
  type ConversationState,
  initialState,
  isAsking,
  isBusy,
  type ModelRef,
  type Read,
  reduce,
  type Turn,
} from "./machine";
import { createMessageStore, type MessagesByKey } from "./messageStore";
import { authorOf, FIRST_PAGE, previewDraft, showTurn, type TurnContext } from "./turns";
import { createUnsent, type Unsent } from "./unsent";

export type { ConversationState, ModelRef } from "./machine";

/** The number of messages to fetch when the reader scrolls up. */
const PAGE = 60;
/** Ends of an answer after which it can be continued. */
const CONTINUED: ReadonlySet<EndReason> = new Set(["waiting", "budget", "steps", "length"]);
/** The most messages that one call fetches. */
const MAX_MESSAGES = 20_000;

/** A person's decision about a waiting tool call. */
export type CallVerdict = Pick<
  CallDecision,
  "callId" | "nonce" | "verdict" | "scope" | "pattern" | "arguments" | "reason"
>;

export interface Conversation
  extends ReadonlyStore<ConversationState>,
    Pick<Unsent, "draft" | "tray" | "returned" | "giveBack" | "recall" | "isUntouched"> {
  /** The page's own key; the host's id may come later. */
  readonly key: string;
  /** Questions that are being edited in place. */
  readonly edits: Edits;
  /** The model that is shown and used next; null while unknown. */
  model(): ModelRef | null;
  /** The tools, the effort and the parameters of its answers. */
  readonly options: AnswerChoice;
  /** Fetches its messages, unless they are loaded. Never rejects. */
  open(): Promise<void>;
  /**
   * Sends the draft, or `text` instead; queues it if it cannot be sent yet. False if there is
   * nothing to send, or if an attachment cannot be sent. The text of a template replaces the text
   * of an earlier template that is still in the message box.
   */
  send(text?: string, template?: MessageTemplate, setUp?: SetUp): boolean;
  /** The request that the draft would send now. Nothing is sent. */
  preview(): Promise<Preview>;
  /** Moves the queued messages back into the draft. */
  unqueue(): void;
  stop(): void;
  /** Sends an edited question, or this one. False while that is not possible: the edit stays open. */
  edit(row: string, written?: DraftMessage): boolean;
  /** Starts to edit the last question in place. */
  editLast(): void;
  regenerate(row: string): void;
  /** Continues an answer that was cut short or has stopped at a budget, which `more` raises. */
  continueAnswer(row: string, more?: BudgetRaise): void;
  /** Chooses the model for the next answers. */
  choose(by: ModelRef | null): void;
  /**
   * Decides about a tool call of an answer. False if it was decided before. Rejects if the decision is
   * invalid; the call then still waits.
   */
  decide(row: string, verdict: CallVerdict): Promise<boolean>;
  /** Retries the last action that failed or was refused. */
  retry(): void;
  dismiss(): void;
  /** Shows another version of a message, `by` versions further. */
  step(row: string, by: number): Promise<void>;
  /** Switches to the branch of this message, and scrolls to it. */
  reveal(messageId: string): Promise<void>;
  loadEarlier(): Promise<void>;
  /** Takes in the host's list entry of this conversation. */
  notice(summary: ConversationSummary | null): void;
  /** Fetches it again, unless a fetch is under way or the events of a run report the changes. */
  refresh(): void;
  setTemporary(temporary: boolean): void;
  isBusy(): boolean;
  /** Whether it can be closed and rebuilt later from stored data without loss. */
  isSpare(): boolean;
  /** Call when it is no longer shown. The next time it opens at its end. */
  hide(): void;
  /** Releases its rows. */
  close(): void;
}

export interface ConversationOptions {
  readonly id: string | null;
  readonly host: HostPort;
  readonly rows: MessagesByKey;
  readonly drafts: Drafts;
  readonly bytes: BlobCache;
  /** The model if none was chosen and none has answered yet. */
  readonly defaults: () => ModelRef | null;
  /** Stores the chosen options. */
  readonly notes?: HostStorage;
  /** Called when the conversation gets the host's id or loses it. */
  readonly onNamed: (conversation: Conversation) => void;
}

export function createConversation(config: ConversationOptions): Conversation {
  const { host, bytes, drafts } = config;
  const { conversations } = host.client;
  const state = createStore(initialState(config.id));
  const { get } = state;
  const rows = createMessageStore(config.rows, (row, inferenceId) => {
    const run = attachRun(host.llm, inferenceId);
    dispatch({ type: "attached", row, run });
    return followRun(run);
  });
  const unsent = createUnsent({ state, rows, drafts, bytes });
  const { draft, tray, edits, returned, giveBack, recall, isUntouched } = unsent;
  const model = () => get().by ?? get().answeredBy ?? config.defaults();
  const storedId = () => (get().temporary ? null : get().id);
  const options = createAnswerChoice(config.notes ?? null, storedId);
  const { requestOptions } = options;
  const context: TurnContext = { host, rows, bytes, get, model, requestOptions, create };

  function dispatch(event: ConversationEvent): void {
    state.set(reduce(get(), event));
  }

  function followRun(run: Run): Run {
    void run.result.then(({ failure, next }) => {
      dispatch({ type: "ended", run });
      if (isStale) self.refresh();
      // The host has no log of the run: its messages show the outcome.
      if (failure?.code === "NOT_FOUND" && next === 0) void read({ kind: "refresh" });
      sendNext();
    });
    return run;
  }

  // --- reading --------------------------------------------------------------------------------

  let lastRead: Promise<void> = Promise.resolve();
  /** Whether to read it again once nothing runs. */
  let isStale = false;
  const queuedReads = new Set<Read["kind"]>();
  /** Counts how often the conversation was hidden, which cancels a pending scroll target. */
  let visits = 0;

  /** Runs reads one after the other, and waits while a request for an answer is pending. */
  function read(call: Read): Promise<void> {
    if (queuedReads.has(call.kind) && call.kind !== "choose") return lastRead;
    queuedReads.add(call.kind);
    lastRead = lastRead.then(() => perform(call));
    return lastRead;
  }

  async function perform(call: Read): Promise<void> {
    while (isAsking(get())) await nextChange();
    queuedReads.delete(call.kind);
    const { run, id, messages } = get();
    const visit = visits;
    if (id === null) return;
    try {
      if (call.kind === "open") await host.llm.ready();
      const view = await fetch(call, id);
      // A turn that began in the meantime is not in the result.
      if (view !== null && get().run !== run) void read(call);
      else if (view !== null) show(call, view, messages, visit);
    } catch (error) {
      const failure = failureOf(error);
      const isMissing = failure.code === "NOT_FOUND" && /open|refresh/.test(call.kind);
      dispatch(isMissing ? { type: "missing" } : { type: "refused", call, failure });
      if (isMissing) unqueue();
    }
  }

  async function fetch(call: Read, conversationId: string): Promise<ConversationView | null> {
    const { messages, earlier } = get();
    switch (call.kind) {
      case "earlier": {
        const before = rows.message(messages[0])?.id;
        if (earlier === 0 || before === undefined) return null;
        return conversations.get({ conversationId, before, limit: PAGE });
      }
      case "choose": {
        const { messageId, isTarget } = call;
        const view = await conversations.choose(messageId);
        const isFar = isTarget && !view.messages.some(({ id }) => id === messageId);
        if (!isFar || view.earlier === 0) return view;
        return conversations.get({ conversationId, limit: MAX_MESSAGES });
      }
      default: {
        const limit = Math.min(MAX_MESSAGES, Math.max(FIRST_PAGE, messages.length));
        return conversations.get({ conversationId, limit });
      }
    }
  }

  function show(call: Read, view: ConversationView, before: readonly string[], visit: number) {
    const { earlier, conversation } = view;
    if (call.kind === "earlier") {
      if (get().messages[0] !== before[0]) return;
      dispatch({ type: "extended", call, messages: rows.take(view.messages), earlier });
    } else {
      const messages = rows.take(view.messages);
      const answer = view.messages.findLast((item) => item.role === "assistant" && authorOf(item));
      const answeredBy = answer === undefined ? null : authorOf(answer);
      const count = conversation.messageCount;
      dispatch({ type: "shown", call, messages, earlier, count, answeredBy });
      const key = call.kind === "choose" && call.isTarget ? rowOf(call.messageId) : undefined;
      if (key !== undefined && visit === visits) dispatch({ type: "targeted", key });
    }
    edits.restore([], get().messages);
  }

  const rowOf = (id: string) => get().messages.find((row) => rows.message(row)?.id === id);

  const nextChange = () =>
    new Promise<void>((resolve) => {
      const stop = state.subscribe(() => {
        stop();
        resolve();
      });
    });

  let openRequest: Promise<void> | null = null;

  function open(): Promise<void> {
    const { phase } = get();
    if (phase === "failed" || phase === "gone") {
      dispatch({ type: "reopened" });
      openRequest = null;
    }
    if (get().phase !== "opening") return Promise.resolve();
    openRequest ??= load();
    return openRequest;
  }

  async function load(): Promise<void> {
    const recalled = unsent.recall();
    await read({ kind: "open" });
    if (get().phase !== "open") return;
    unsent.onLoaded();
    await options.recall();
    sendNext();
    await recalled;
  }

  // --- answers --------------------------------------------------------------------------------

  async function create(): Promise<string> {
    const { instructions: systemPrompt, budget, folder } = options.first.get();
    const { id } = await conversations.create({ temporary: get().temporary, systemPrompt, folder });
    dispatch({ type: "named", id });
    options.save();
    config.onNamed(self);
    // Now that it has its id, a refused budget deletes it, as a refused first message does.
    if (budget !== null) await conversations.setBudget({ conversationId: id, budget });
    return id;
  }

  /** False if the row it is about no longer exists. */
  function begin(turn: Turn): boolean {
    const inferenceId = newInferenceId();
    const before = get().messages;
    const setUp = "written" in turn ? turn.written.setUp?.() : undefined;
    const shown = showTurn(context, turn, inferenceId);
    if (shown === null) {
      setUp?.revert();
      return false;
    }
    let refusal = null as Failure | null;
    const run = startRun(
      host.llm,
      async (id) => {
        try {
          await setUp?.ready;
          await shown.submit(id);
        } catch (error) {
          refusal = failureOf(error);
          throw error;
        }
      },
      { inferenceId },
    );
    rows.write(shown.answer, run);
    const { messages, first, added, by } = shown;
    const restore = { run, first, tail: before.slice(messages.indexOf(first)) };
    dispatch({ type: "began", turn, restore, messages });
    void followRun(run).accepted.then(() => {
      if (refusal === null) {
        options.once.set(null);
        dispatch({ type: "accepted", added, by });
      } else {
        setUp?.revert();
        refused(turn, shown.undo, refusal);
      }
      if (isStale) self.refresh();
      sendNext();
    });
    return true;
  }

  /** A refused message returns to where it was written. */
  function refused(turn: Turn, undo: () => void, failure: Failure): void {
    unqueue();
    dispatch({ type: "refused", call: turn, failure });
    undo();
    restoreText(turn);
    const { id, messages, count } = get();
    if (id === null || messages.length > 0 || count > 0) return;
    // No message was accepted, so the conversation does not exist.
    dispatch({ type: "emptied" });
    config.onNamed(self);
    void conversations.delete(id).catch(() => false);
  }

  function restoreText(turn: Turn): void {
    if (turn.kind === "edit" && get().messages.includes(turn.row)) {
      edits.begin(turn.row, turn.written);
    } else if ("written" in turn) giveBack(turn.written);
  }

  /** Sends the next queued message after a complete answer; otherwise the person decides. */
  function sendNext(): void {
    const { queue, phase, run } = get();
    const [first] = queue;
    const last = run?.get();
    if (first === undefined || isBusy(get()) || (phase !== "open" && phase !== "new")) return;
    // After another message, a paused answer could not be continued.
    const isPaused = CONTINUED.has(last?.finishReason ?? "other");
    if (isPaused || (last && last.status !== "done")) unqueue();
    else {
      dispatch({ type: "dequeued" });
      begin({ kind: "send", written: first });
    }
  }

  function unqueue(): void {
    const { queue } = get();
    dispatch({ type: "unqueued" });
    for (const written of [...queue].reverse()) giveBack(written);
  }

  /** Whether there is something to send and all of it can be sent. */
  function isSendable(): boolean {
    const attached = tray.get();
    return attached.every(isReady) && !isBlank({ text: draft.get(), attached });
  }

  const self: Conversation = {
    key: config.id ?? `${NEW_CHAT}-${crypto.randomUUID()}`,
    get,
    subscribe: state.subscribe,
    draft,
    tray,
    returned,
    giveBack,
    recall,
    isUntouched,
    edits: {
      ...edits,
      begin(row) {
        // A question that the host has not acknowledged may still disappear.
        if (!isBusy(get())) edits.begin(row);
      },
    },
    model,
    options,
    open,
    unqueue,
    isBusy: () => isBusy(get()),
    choose: (by) => dispatch({ type: "changed", part: { by } }),
    dismiss: () => dispatch({ type: "dismissed" }),
    loadEarlier: () => read({ kind: "earlier" }),
    isSpare() {
      // Attachments are stored only while there is room, and temporary chats not at all.
      const isStored = tray.get().length === 0 && (!get().temporary || draft.get() === "");
      return isStored && edits.get().size === 0 && get().queue.length === 0 && !isBusy(get());
    },
    send(text, template, setUp) {
      const { phase } = get();
      if (phase === "gone") return false;
      if (text === undefined ? !isSendable() : text.trim() === "") return false;
      const isMade = template && templateOf(returned.get(), draft.get()).template;
      const box = text === undefined || isMade ? unsent.take() : NO_MESSAGE;
      const written =
        text === undefined ? box : { ...box, text, untrusted: false, template, setUp };
      if (isBusy(get()) || phase === "opening" || phase === "failed") {
        dispatch({ type: "queued", written });
        if (phase === "failed") void open();
      } else begin({ kind: "send", written });
      return true;
    },
    preview: () => previewDraft(context, unsent.written(), options.first.get().instructions),
    async decide(row, verdict) {
      const messageId = rows.message(row)?.id;
      if (messageId === undefined) return false;
      const decision = { ...verdict, ...requestOptions(), messageId };
      const { taken, answer } = await conversations.decide(decision);
      if (answer !== null) options.once.set(null);
      // While the run of the call continues, its events report the outcome.
      if (!isBusy(get())) void read({ kind: "refresh" });
      return taken;
    },
    stop() {
      for (const run of get().runs.values()) void run.cancel();
    },
    edit(row, replacement) {
      const edit = edits.get().get(row);
      const written = replacement ?? (edit && editedMessage(edit));
      if (written === undefined || isBusy(get()) || !get().messages.includes(row)) return false;
      if (isBlank(written)) return false;
      edits.end(row);
      return begin({ kind: "edit", row, written });
    },
    editLast() {
      const isQuestion = (row: string) => rows.message(row)?.role === "user";
      const last = get().messages.findLast(isQuestion);
      if (last !== undefined && !isBusy(get())) edits.begin(last);
    },
    regenerate(row) {
      if (!isBusy(get())) begin({ kind: "regenerate", row });
    },
    continueAnswer(row, more) {
      if (!isBusy(get())) begin({ kind: "continue", row, more });
    },
    retry() {
      const { phase, pending, messages } = get();
      const last = messages.at(-1);
      if (phase === "failed" || phase === "gone") void open();
      else if (isBusy(get())) return;
      else if (pending === null) last !== undefined && self.regenerate(last);
      else {
        dispatch({ type: "dismissed" });
        retryCall(pending.retry);
      }
    },
    async step(row, by) {
      const { siblings = [], id = "" } = rows.message(row) ?? {};
      const messageId = siblings[siblings.indexOf(id) + by];
      if (messageId === undefined || isBusy(get())) return;
      await read({ kind: "choose", messageId, isTarget: false });
    },
    async reveal(messageId) {
      await open();
      await read({ kind: "choose", messageId, isTarget: true });
    },
    notice(summary) {
      const { phase, run, runs, count } = get();
      if (summary === null || isAsking(get())) return;
      if (phase === "failed" || phase === "gone") void open();
      if (phase !== "open") return;
      const { messageCount, inferenceId } = summary;
      const ownIds = [run, ...runs.values()].map((ownRun) => ownRun?.id);
      const isOurs = inferenceId === null || ownIds.includes(inferenceId);
      // Another window may have continued the answer, and its run may have ended: the count is the same.
      const last = rows.message(get().messages.at(-1));
      const canBeContinued =
        last?.role === "assistant" &&
        (last.status !== "complete" || CONTINUED.has(last.detail?.finishReason ?? "other"));
      const isBehind = messageCount !== count || (canBeContinued && inferenceId === null);
      if (isBehind || !isOurs) void read({ kind: "refresh" });
    },
    refresh() {
      const { phase } = get();
      isStale = phase === "open" && isBusy(get());
      if (phase === "open" && !isStale && !isAsking(get())) void read({ kind: "refresh" });
    },
    setTemporary(temporary) {
      if (get().phase === "new" && get().temporary !== temporary) {
        dispatch({ type: "changed", part: { temporary } });
      }
    },
    hide() {
      visits += 1;
      dispatch({ type: "left", most: FIRST_PAGE });
    },
    close() {
      unsent.close();
      rows.clear();
    },
  };

  /** Retries. A message returned to the box is sent alone if unchanged, else with the whole box. */
  function retryCall(call: Read | Turn): void {
    switch (call.kind) {
      case "send":
        if (unsent.removeFromBox(call.written)) begin(call);
        else self.send();
        return;
      case "edit": {
        const edit = edits.get().get(call.row);
        const { setUp } = call.written;
        if (edit !== undefined) self.edit(call.row, { ...editedMessage(edit), setUp });
        else if (!begin(call)) giveBack(call.written);
        return;
      }
      case "regenerate":
      case "continue":
        begin(call);
        return;
      default:
        void read(call);
    }
  }

  return self;
}
