/** Conversation: the turns of one chat, held by a session of the host, found again after a reload. */
import type { Content, Failure, Message, SessionMessage } from "../bridge/contract";
import { failureOf, hostLost } from "../bridge/failure";
import type { Llm } from "../bridge/preload";
import { hasEnded } from "../llm/reduce";
import { attachRun, type Run, startRun } from "../llm/run";
import { createStore, type ReadonlyStore, type Store } from "../llm/store";
import { type Memory, readMemory, writeMemory } from "./memory";

/** The longest deadline that the host grants: a slow model may take its time. */
const TIMEOUT_MS = 600_000;
/** How soon a page whose host was lost while it opened looks again. */
const RETRY_MS = 1_000;
/** What a request may hold, its question left out. */
const MAX_HISTORY = 98;

/** An answer that is read from the session's history, not followed as it is written. */
export interface OldAnswer {
  readonly text: string;
  readonly partial: boolean;
}

export interface Turn {
  readonly id: string;
  readonly question: string;
  readonly run: Run | null;
  readonly answer: OldAnswer | null;
}

export interface ConversationState {
  readonly phase: "opening" | "open";
  readonly turns: readonly Turn[];
  /** What the host would not take; the text of it is back in the draft. */
  readonly refused: Failure | null;
}

export interface Defaults {
  readonly providerId: string;
  readonly modelId: string;
}

export interface Conversation extends ReadonlyStore<ConversationState> {
  readonly draft: Store<string>;
  /** Find what was there before a reload. */
  open(): Promise<void>;
  /** Send the draft, or this text in its place. False when there was nothing to send. */
  send(text?: string): boolean;
  stop(): void;
  retry(): void;
  dismiss(): void;
  /** Forget everything and begin anew. */
  restart(): void;
}

const EMPTY: ConversationState = { phase: "opening", turns: [], refused: null };

/** `defaults` says what a new session uses; it is asked when one begins. */
export function createConversation(
  llm: Llm,
  defaults: () => Defaults,
  storage: Storage | null = safeStorage(),
): Conversation {
  const store = createStore<ConversationState>(EMPTY);
  const draft = createStore("");
  let memory: Memory = { sessionId: null, last: null };
  let opening: Promise<void> | null = null;
  /** Counts the conversations of this page: what an earlier one still does is not for this one. */
  let era = 0;

  function change(part: Partial<ConversationState>): void {
    store.set({ ...store.get(), ...part });
  }

  function remember(next: Memory): void {
    memory = next;
    writeMemory(storage, next);
  }

  function lastTurn(): Turn | undefined {
    return store.get().turns.at(-1);
  }

  function isBusy(): boolean {
    const run = lastTurn()?.run;
    return run !== null && run !== undefined && !hasEnded(run.get());
  }

  async function createSession(): Promise<string> {
    const { providerId, modelId } = defaults();
    const sessionId = `chat-${crypto.randomUUID()}`;
    const began = era;
    await llm.llmCreateSession({ sessionId, providerId, modelId });
    if (began !== era) {
      await llm.llmDestroySession(sessionId);
      throw new Error("The conversation was left");
    }
    remember({ ...memory, sessionId });
    return sessionId;
  }

  /** Ask the session, or a new one that is told everything, when the host no longer has it. */
  async function ask(inferenceId: string, question: string, history: Message[]): Promise<void> {
    const messages: Message[] = [{ role: "user", content: question }];
    const rest = { inferenceId, timeoutMs: TIMEOUT_MS };
    if (memory.sessionId !== null) {
      try {
        await llm.llmRunSession({ ...rest, sessionId: memory.sessionId, messages });
        return;
      } catch (error) {
        if (failureOf(error).code !== "NOT_FOUND") throw error;
      }
    }
    const sessionId = await createSession();
    await llm.llmRunSession({ ...rest, sessionId, messages: [...history, ...messages] });
  }

  function begin(question: string, before: readonly Turn[]): void {
    const history = historyOf(before);
    const run = startRun(llm, (inferenceId) => ask(inferenceId, question, history));
    const turn: Turn = { id: run.id, question, run, answer: null };
    change({ turns: [...before, turn], refused: null });
    remember({ ...memory, last: { inferenceId: run.id, question } });
    void run.accepted.then((taken) => {
      if (!taken) giveBack(turn);
    });
  }

  /** The host did not take it: the text goes back to where it was typed. */
  function giveBack(turn: Turn): void {
    const state = turn.run?.get();
    const { turns } = store.get();
    if (state?.failure == null || !turns.includes(turn)) return;
    const { error: message, ...failure } = state.failure;
    change({
      turns: turns.filter((other) => other !== turn),
      refused: { ...failure, message, issues: null, details: null },
    });
    draft.set(draft.get() === "" ? turn.question : `${turn.question}\n${draft.get()}`);
    remember({ ...memory, last: null });
  }

  async function reopen(): Promise<readonly Turn[]> {
    const { sessionId, last } = memory;
    if (sessionId === null) return [];
    let messages = await historyFrom(sessionId);
    const run = last === null ? null : attachRun(llm, last.inferenceId);
    const found = run !== null && (await run.accepted) ? run : null;
    if (run?.get().failure?.code === "HOST_LOST") throw hostLost("Lost while opening");
    // An answer that ended meanwhile stands in the history by now.
    if (found !== null && hasEnded(found.get())) messages = await historyFrom(sessionId);
    if (messages === null) remember({ ...memory, sessionId: null });
    if (found === null || last === null) return turnsOf(messages ?? []);
    const turn: Turn = { id: found.id, question: last.question, run: found, answer: null };
    return [...turnsOf(withoutLast(messages ?? [], last.question, found)), turn];
  }

  /** The session's messages; null when the host has forgotten it. */
  async function historyFrom(sessionId: string): Promise<SessionMessage[] | null> {
    try {
      return (await llm.llmGetSession(sessionId)).messages;
    } catch (error) {
      if (failureOf(error).code === "NOT_FOUND") return null;
      throw error;
    }
  }

  async function findAgain(): Promise<void> {
    memory = readMemory(storage);
    for (;;) {
      try {
        await llm.ready();
        const turns = await reopen();
        change({ phase: "open", turns });
        return;
      } catch (error) {
        const failure = failureOf(error);
        if (failure.code === "HOST_LOST") {
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
          continue;
        }
        change({ phase: "open", refused: failure });
        return;
      }
    }
  }

  function send(text?: string): boolean {
    const question = text ?? draft.get();
    if (question.trim() === "" || isBusy() || store.get().phase !== "open") return false;
    if (text === undefined) draft.set("");
    begin(question, store.get().turns);
    return true;
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    draft,
    open() {
      opening ??= findAgain();
      return opening;
    },
    send,
    stop() {
      if (isBusy()) void lastTurn()?.run?.cancel();
    },
    retry() {
      if (isBusy()) return;
      const { refused, turns } = store.get();
      const last = turns.at(-1);
      if (refused !== null) {
        send();
      } else if (last?.run != null) {
        // What has failed without a word has left the history; a partial answer stays in it.
        begin(last.question, last.run.get().response === "" ? turns.slice(0, -1) : turns);
      }
    },
    dismiss: () => change({ refused: null }),
    restart() {
      const { sessionId } = memory;
      era += 1;
      void lastTurn()?.run?.cancel();
      if (sessionId !== null) void llm.llmDestroySession(sessionId).catch(() => false);
      remember({ sessionId: null, last: null });
      change({ turns: [], refused: null });
    },
  };
}

/** Question and answer, of what has both. */
function historyOf(turns: readonly Turn[]): Message[] {
  const messages: Message[] = [];
  for (const { question, run, answer } of turns) {
    const text = answer?.text ?? run?.get().response ?? "";
    if (text === "") continue;
    messages.push({ role: "user", content: question }, { role: "assistant", content: text });
  }
  return messages.slice(-MAX_HISTORY);
}

function turnsOf(messages: readonly SessionMessage[]): Turn[] {
  const turns: Turn[] = [];
  for (const [index, { role, content, partial }] of messages.entries()) {
    const last = turns.at(-1);
    if (role === "user") {
      turns.push({ id: `old-${index}`, question: textOf(content), run: null, answer: null });
    } else if (role === "assistant" && last !== undefined) {
      const text = (last.answer?.text ?? "") + textOf(content);
      turns[turns.length - 1] = { ...last, answer: { text, partial } };
    }
  }
  return turns;
}

/** The history before a run that is shown from its own log. */
function withoutLast(
  messages: readonly SessionMessage[],
  question: string,
  run: Run,
): readonly SessionMessage[] {
  const { response } = run.get();
  const tail = messages.slice(-2);
  const [asked, answered] = tail;
  const isWhole =
    hasEnded(run.get()) &&
    asked?.role === "user" &&
    answered?.role === "assistant" &&
    textOf(asked.content) === question &&
    textOf(answered.content) === response;
  if (isWhole) return messages.slice(0, -2);
  const last = messages.at(-1);
  const isAsked = last?.role === "user" && textOf(last.content) === question;
  return isAsked ? messages.slice(0, -1) : messages;
}

function textOf(content: Content): string {
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

/** Storage can be switched off; then a reload finds nothing. */
function safeStorage(): Storage | null {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}
