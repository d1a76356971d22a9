/** The messages of one conversation. A row keeps its key when its message gets an id from the host. */
import type { StoredMessage } from "../bridge/contract";
import { createStore, type Store } from "../lib/store";
import type { Run } from "../llm/run";
import { hasEnded } from "../llm/runReducer";
import { blank, type MessageState } from "./message";

/** Every row of the page, by key. */
export type MessagesByKey = Map<string, Store<MessageState>>;

export interface MessageStore {
  get(key: string): Store<MessageState> | undefined;
  message(key: string | undefined): StoredMessage | undefined;
  /** Stores the host's messages; returns their keys, in the same order. */
  take(messages: readonly StoredMessage[]): string[];
  /** Adds a row that the host does not know yet, beside other versions; returns its key. */
  add(
    role: StoredMessage["role"],
    text: string,
    part: Partial<StoredMessage>,
    siblings: readonly string[],
  ): string;
  /** Connects the message to the run that writes it. */
  write(key: string, run: Run): void;
  /** Sets the id that the host gave the message. */
  name(key: string, id: string, parentId: string | null): void;
  remove(keys: readonly string[]): void;
  clear(): void;
}

/** `attach` follows the run of a row that another window started. */
export function createMessageStore(
  all: MessagesByKey,
  attach: (key: string, inferenceId: string) => Run,
): MessageStore {
  const own = new Set<string>();
  const keys = new Map<string, string>();

  function put(key: string, state: MessageState): void {
    const store = all.get(key);
    if (store === undefined) all.set(key, createStore(state));
    else store.set(state);
    own.add(key);
  }

  function takeOne(message: StoredMessage): string {
    const key = keys.get(message.id) ?? message.id;
    const before = all.get(key)?.get();
    const run = before?.run;
    keys.set(message.id, key);
    if (run && isRunOf(run, message) && !isDecided(run, message)) {
      // The run's content follows what was there before it.
      const { content, reasoning, detail } = before.message;
      // The parts of a running answer are without those of its run, those of a complete one are not.
      const { parts } = message.status === "streaming" ? message : before.message;
      put(key, { message: { ...message, content, reasoning, detail, parts }, run });
    } else {
      const { status, inferenceId } = message;
      const isLive = status === "streaming" && inferenceId !== null;
      // The host has no log of a run that was not found, so it is not asked again.
      put(key, {
        message,
        run: isLive && run?.id !== inferenceId ? attach(key, inferenceId) : null,
      });
    }
    return key;
  }

  const get = (key: string) => (own.has(key) ? all.get(key) : undefined);

  return {
    get,
    message: (key = "") => get(key)?.get().message,
    take: (messages) => messages.map(takeOne),
    add(role, text, part, siblings) {
      const key = `row-${crypto.randomUUID()}`;
      const message = { ...blank(key, role, text), ...part, siblings: [...siblings, key] };
      put(key, { message, run: null });
      return key;
    },
    write(key, run) {
      const state = all.get(key)?.get();
      if (state !== undefined) put(key, { ...state, run });
    },
    name(key, id, parentId) {
      const state = all.get(key)?.get();
      if (state === undefined) return;
      const { message, run } = state;
      const siblings = message.siblings.map((sibling) => (sibling === message.id ? id : sibling));
      keys.set(id, key);
      put(key, { message: { ...message, id, parentId, siblings }, run });
    },
    remove(removedKeys) {
      for (const key of removedKeys) {
        all.delete(key);
        own.delete(key);
      }
    },
    clear() {
      for (const key of own) all.delete(key);
      own.clear();
      keys.clear();
    },
  };
}

/** Whether the displayed run is the message's own, and has content. */
function isRunOf(run: Run, { inferenceId }: StoredMessage): boolean {
  const state = run.get();
  const hasNoEvents = hasEnded(state) && state.failure !== null && state.next === 0;
  return run.id === inferenceId && !hasNoEvents;
}

/** Whether calls of an answer may have been decided after its run ended. */
function isDecided(run: Run, { status, parts }: StoredMessage): boolean {
  return hasEnded(run.get()) && status !== "streaming" && parts.some(({ type }) => type === "call");
}
