/** Conversation: one that is open: its chosen path, what is being said in it, and what is typed. */
import type {
  ConversationSummary,
  ConversationView,
  Failure,
  SendReply,
  StoredMessage,
} from "../bridge/contract";
import { failureOf } from "../bridge/failure";
import { newInferenceId } from "../bridge/preload";
import { hasEnded } from "../llm/reduce";
import { attachRun, type Run, startRun } from "../llm/run";
import { createStore, type ReadonlyStore, type Store } from "../llm/store";
import { type Drafts, joined, NEW_CHAT, type Sent } from "./drafts";
import { askSurely, type Host } from "./host";
import { textOf } from "./message";
import { type AllRows, createRows } from "./rows";

/** How many messages are asked for when a conversation is opened, and when its reader goes up. */
const FIRST_PAGE = 30;
const PAGE = 60;
const EVERYTHING = 20_000;

export interface ConversationState {
  /** `new`: nothing was said, and the host knows nothing of it. */
  readonly phase: "new" | "opening" | "open" | "gone";
  readonly id: string | null;
  readonly temporary: boolean;
  /** The chosen path, by the keys that `useMessage` takes. */
  readonly messages: readonly string[];
  /** How many messages come before these. */
  readonly earlier: number;
  /** The run that was begun or found last. */
  readonly run: Run | null;
  /** What the host would not take; the text of it is back in the draft. */
  readonly refused: Failure | null;
  /** Who was chosen to answer from now on; null for who answered before. */
  readonly by: By | null;
  /** Who answered last, as far as this page knows. */
  readonly answeredBy: By | null;
  /** What is said next, once the answer is complete. */
  readonly queue: readonly string[];
  /** The message to be looked at, and how often somebody asked for that. */
  readonly target: { readonly key: string; readonly turn: number } | null;
}

/** Who shall answer; nobody named: who answered before. */
export interface By {
  readonly providerId: string;
  readonly modelId: string;
}

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

export interface ConversationOptions {
  readonly id: string | null;
  readonly host: Host;
  readonly rows: AllRows;
  readonly drafts: Drafts;
  /** Told the host's id of a conversation that was new. */
  readonly onBegun: (conversation: Conversation) => void;
}

interface Turn {
  /** What stays of the path. */
  readonly before: readonly string[];
  readonly question: { readonly text: string; readonly siblings: readonly string[] } | null;
  /** The answer's row, when there is one already. */
  readonly answer: string | null;
  readonly siblings: readonly string[];
  /** What goes back to the draft when it is refused. */
  readonly text: string;
  readonly by: By | null;
  readonly ask: (inferenceId: string, id: string) => Promise<SendReply>;
}

export function createConversation(options: ConversationOptions): Conversation {
  const { host, drafts } = options;
  const { client, llm } = host;
  const key = options.id ?? `${NEW_CHAT}-${crypto.randomUUID()}`;
  const store = createStore<ConversationState>({
    phase: options.id === null ? "new" : "opening",
    id: options.id,
    temporary: options.id?.startsWith("tmp-") ?? false,
    messages: [],
    earlier: 0,
    run: null,
    refused: null,
    by: null,
    answeredBy: null,
    queue: [],
    target: null,
  });
  const rows = createRows(options.rows, (inferenceId) => follow(attachRun(llm, inferenceId)));
  let sent: Sent | null = null;
  /** What is said as soon as the conversation is there. */
  let waiting: string | null = null;
  let acting = 0;
  /** All messages on all branches, as far as this page knows. */
  let count = 0;
  let turns = 0;

  const kept = drafts.read(options.id ?? NEW_CHAT);
  const draft = createStore(joined([...kept.queue, kept.text]));
  draft.subscribe(keepDraft);
  const unsure = kept.sent;
  // Nobody can say whether it was taken before there was an id to ask for.
  if (unsure !== null && options.id === null) giveBack(unsure.text);

  function change(part: Partial<ConversationState>): void {
    store.set({ ...store.get(), ...part });
  }

  function keepDraft(): void {
    const { id, temporary, queue } = store.get();
    if (temporary) return;
    drafts.write(id ?? NEW_CHAT, { text: draft.get(), queue, sent });
  }

  function giveBack(text: string): void {
    draft.set(joined([text, draft.get()]));
  }

  function isBusy(): boolean {
    const { run } = store.get();
    return run !== null && !hasEnded(run.get());
  }

  /** Hear of a run's end. */
  function follow(run: Run): Run {
    store.set({ ...store.get(), run });
    void run.result.then((end) => {
      const isGone = end.failure?.code === "NOT_FOUND" && end.next === 0;
      if (isGone) void refresh();
      if (store.get().run === run) next(end.status === "done");
    });
    return run;
  }

  /** An answer is complete: what was typed meanwhile is said. Cut short, it is for the writer. */
  function next(isComplete: boolean): void {
    const [first, ...rest] = store.get().queue;
    if (first === undefined) return;
    if (!isComplete) {
      unqueue();
      return;
    }
    change({ queue: rest });
    keepDraft();
    say(first);
  }

  function unqueue(): void {
    const { queue } = store.get();
    change({ queue: [] });
    draft.set(joined([...queue, draft.get()]));
    keepDraft();
  }

  // --- reading ------------------------------------------------------------------------------

  function show(view: ConversationView): void {
    const messages = rows.take(view.messages);
    count = view.conversation.messageCount;
    const answeredBy = lastBy(view.messages) ?? store.get().answeredBy;
    change({ phase: "open", messages, earlier: view.earlier, answeredBy });
  }

  async function refresh(): Promise<void> {
    const { id, messages } = store.get();
    if (id === null) return;
    acting += 1;
    try {
      show(
        await client.conversations.get({ conversationId: id, limit: limitFor(messages.length) }),
      );
    } catch (error) {
      const failure = failureOf(error);
      if (failure.code === "NOT_FOUND") change({ phase: "gone" });
      else change({ refused: failure });
    } finally {
      acting -= 1;
    }
  }

  async function open(): Promise<void> {
    if (store.get().phase !== "opening") return;
    await llm.ready();
    await refresh();
    if (unsure !== null && store.get().phase === "open") {
      const isTaken = store.get().messages.some((row) => inferenceOf(row) === unsure.inferenceId);
      if (!isTaken) giveBack(unsure.text);
      keepDraft();
    }
    const text = waiting;
    waiting = null;
    if (text === null) return;
    if (store.get().phase === "open" && !isBusy()) say(text);
    else giveBack(text);
  }

  const inferenceOf = (row: string) => rows.get(row)?.get().message.inferenceId;

  // --- saying -------------------------------------------------------------------------------

  function begin(turn: Turn): void {
    const shown = store.get();
    const inferenceId = newInferenceId();
    const messages = [...turn.before];
    const added: string[] = [];
    let question: string | null = null;
    if (turn.question !== null) {
      question = rows.add("user", turn.question.text, {});
      addSibling(question, turn.question.siblings);
      messages.push(question);
      added.push(question);
    }
    const answer = turn.answer ?? rows.add("assistant", "", { status: "streaming", inferenceId });
    if (turn.answer === null) {
      addSibling(answer, turn.siblings);
      added.push(answer);
    }
    messages.push(answer);
    sent = turn.text === "" ? null : { inferenceId, text: turn.text };
    acting += 1;
    const run = startRun(llm, (id) => askFor(id, turn, question, answer), { inferenceId });
    if (turn.answer !== null) settle(answer, inferenceId);
    rows.write(answer, run);
    change({ messages, refused: null, target: null });
    follow(run);
    keepDraft();
    void run.accepted.then((isTaken) => {
      acting -= 1;
      sent = null;
      if (isTaken) {
        count += added.length;
        change({ answeredBy: turn.by ?? store.get().answeredBy });
      } else {
        if (store.get().messages === messages) change({ messages: shown.messages });
        rows.remove(added);
        if (turn.answer !== null) rows.write(answer, null);
        takeBack(run, turn.text);
      }
      keepDraft();
    });
  }

  /** What an answer has so far is what the next run adds to. */
  function settle(row: string, inferenceId: string): void {
    const store = rows.get(row);
    const state = store?.get();
    if (store === undefined || state === undefined) return;
    const { message, run } = state;
    const content = textOf(message.content) + (run?.get().response ?? "");
    const reasoning = message.reasoning + (run?.get().reasoning ?? "");
    store.set({ message: { ...message, content, reasoning, inferenceId }, run: null });
  }

  function addSibling(row: string, siblings: readonly string[]): void {
    const state = rows.get(row);
    if (state === undefined) return;
    const { message, run } = state.get();
    state.set({ message: { ...message, siblings: [...siblings, message.id] }, run });
  }

  async function askFor(
    inferenceId: string,
    turn: Turn,
    question: string | null,
    answer: string,
  ): Promise<void> {
    const id = store.get().id ?? (await create());
    const reply = await askSurely(host, {
      inferenceId,
      ask: () => turn.ask(inferenceId, id),
      find: () => find(id, inferenceId),
    });
    const above = turn.before.at(-1);
    const parentId = above === undefined ? null : (rows.get(above)?.get().message.id ?? null);
    if (question !== null) rows.name(question, reply.messageId, parentId);
    if (turn.answer === null) rows.name(answer, reply.answerId, reply.messageId);
  }

  async function create(): Promise<string> {
    const { temporary } = store.get();
    const { id } = await client.conversations.create({ temporary });
    // What was typed belongs to the conversation now.
    drafts.write(NEW_CHAT, { text: "", queue: [], sent: null });
    change({ id, phase: "open" });
    keepDraft();
    options.onBegun(self);
    return id;
  }

  async function find(conversationId: string, inferenceId: string): Promise<SendReply | null> {
    const view = await client.conversations.get({ conversationId, limit: FIRST_PAGE });
    const answer = view.messages.findLast((message) => message.inferenceId === inferenceId);
    if (answer === undefined) return null;
    const messageId = answer.parentId ?? "";
    return { conversationId, messageId, answerId: answer.id, inferenceId };
  }

  /** The host did not take it: the text goes back to where it was typed. */
  function takeBack(run: Run, text: string): void {
    const { failure } = run.get();
    giveBack(text);
    const refused =
      failure === null ? null : { ...failure, message: failure.error, issues: null, details: null };
    change({ refused, run: store.get().run === run ? null : store.get().run });
    const { id, messages } = store.get();
    if (id === null || messages.length > 0 || count > 0) return;
    // Nothing was ever said in it: there is no conversation.
    drafts.write(id, { text: "", queue: [], sent: null });
    change({ id: null, phase: "new" });
    void client.conversations.delete(id).catch(() => false);
  }

  function say(text: string): void {
    const { by } = store.get();
    begin({
      before: store.get().messages,
      question: { text, siblings: [] },
      answer: null,
      siblings: [],
      text,
      by,
      ask: (inferenceId, conversationId) =>
        client.conversations.send({ conversationId, content: text, inferenceId, ...by }),
    });
  }

  /** The row's place in the path and its message, when something can be done with it now. */
  function at(row: string): { place: number; message: StoredMessage } | null {
    const place = store.get().messages.indexOf(row);
    const message = rows.get(row)?.get().message;
    return place === -1 || message === undefined || isBusy() ? null : { place, message };
  }

  async function choose(messageId: string): Promise<void> {
    acting += 1;
    try {
      show(await client.conversations.choose(messageId));
    } catch (error) {
      change({ refused: failureOf(error) });
    } finally {
      acting -= 1;
    }
  }

  const self: Conversation = {
    key,
    get: store.get,
    subscribe: store.subscribe,
    draft,
    open,
    isBusy,
    unqueue,
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
      const { place, message } = found;
      const { by } = store.get();
      begin({
        before: store.get().messages.slice(0, place),
        question: { text, siblings: message.siblings },
        answer: null,
        siblings: [],
        text,
        by,
        ask: (inferenceId) =>
          client.conversations.edit({ messageId: message.id, content: text, inferenceId, ...by }),
      });
    },
    choose: (by) => change({ by }),
    regenerate(row) {
      const found = at(row);
      if (found === null) return;
      const { place, message } = found;
      const { by } = store.get();
      const isQuestion = message.role === "user"; // one that nobody has answered
      begin({
        before: store.get().messages.slice(0, isQuestion ? place + 1 : place),
        question: null,
        answer: null,
        siblings: isQuestion ? [] : message.siblings,
        text: "",
        by,
        ask: (inferenceId) =>
          client.conversations.regenerate({ messageId: message.id, inferenceId, ...by }),
      });
    },
    goOn(row) {
      const found = at(row);
      if (found === null) return;
      const { place, message } = found;
      begin({
        before: store.get().messages.slice(0, place),
        question: null,
        answer: row,
        siblings: [],
        text: "",
        by: null,
        ask: (inferenceId) =>
          client.conversations.continueAnswer({ messageId: message.id, inferenceId }),
      });
    },
    retry() {
      const { refused, messages } = store.get();
      const last = messages.at(-1);
      if (refused !== null && draft.get().trim() !== "") self.send();
      else if (last !== undefined) self.regenerate(last);
    },
    async step(row, by) {
      const found = at(row);
      if (found === null) return;
      const { siblings, id } = found.message;
      const other = siblings[siblings.indexOf(id) + by];
      if (other !== undefined) await choose(other);
    },
    async reveal(messageId) {
      if (store.get().phase === "opening") await open();
      await choose(messageId);
      const keyOf = () =>
        store.get().messages.find((row) => rows.get(row)?.get().message.id === messageId);
      const { id, earlier } = store.get();
      if (keyOf() === undefined && id !== null && earlier > 0) {
        show(await client.conversations.get({ conversationId: id, limit: EVERYTHING }));
      }
      const found = keyOf();
      turns += 1;
      if (found !== undefined) change({ target: { key: found, turn: turns } });
    },
    async loadEarlier() {
      const { id, messages, earlier } = store.get();
      const first = rows.get(messages[0] ?? "")?.get().message.id;
      if (id === null || earlier === 0 || first === undefined || acting > 0) return;
      acting += 1;
      try {
        const limit = PAGE;
        const view = await client.conversations.get({ conversationId: id, before: first, limit });
        if (store.get().messages[0] !== messages[0]) return;
        const before = rows.take(view.messages);
        change({ messages: [...before, ...store.get().messages], earlier: view.earlier });
      } catch (error) {
        change({ refused: failureOf(error) });
      } finally {
        acting -= 1;
      }
    },
    notice(summary) {
      const { phase, run } = store.get();
      if (phase !== "open" || acting > 0 || summary === null) return;
      const { messageCount, inferenceId } = summary;
      const isOurs = inferenceId === null || inferenceId === run?.id;
      if (messageCount !== count || !isOurs) void refresh();
    },
    setTemporary(temporary) {
      if (store.get().phase === "new") change({ temporary });
    },
    dismiss: () => change({ refused: null }),
    leave() {
      const { messages, earlier } = store.get();
      const spare = messages.length - FIRST_PAGE;
      if (spare > 0) change({ messages: messages.slice(spare), earlier: earlier + spare });
    },
    close: () => rows.clear(),
  };
  return self;
}

function lastBy(messages: readonly StoredMessage[]): By | null {
  const last = messages.findLast(({ role, modelId }) => role === "assistant" && modelId !== null);
  const { providerId, modelId } = last ?? {};
  return providerId != null && modelId != null ? { providerId, modelId } : null;
}

function limitFor(shown: number): number {
  return Math.min(EVERYTHING, Math.max(FIRST_PAGE, shown));
}
