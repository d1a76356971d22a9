/** One inference as a page follows it, from before it is asked for until its end. */
import type { AnyEvent } from "../bridge/contract";
import { failureOf, type HostError } from "../bridge/hostError";
import { type Llm, newInferenceId } from "../bridge/llmApi";
import { createStore, type ReadonlyStore } from "../lib/store";
import {
  askToStop,
  beginRun,
  goOn,
  hasEnded,
  hasGap,
  type RunState,
  reduce,
  refuse,
  withdraw,
} from "./runReducer";

/** A run that has been silent for so long is asked for, in case its last events got lost. */
const SILENCE_MS = 5_000;

export interface Run extends ReadonlyStore<RunState>, AsyncIterable<string> {
  readonly id: string;
  /** Whether the host took the run; false when it refused it. */
  readonly accepted: Promise<boolean>;
  /** The last state, once the run has ended, however it did. Never rejects. */
  readonly result: Promise<RunState>;
  /** Ask the host to end it. False when there was nothing to end, or nobody to ask. */
  cancel(): Promise<boolean>;
}

export interface StartOptions {
  readonly inferenceId?: string | undefined;
  /** Wait for this before asking the host. */
  readonly after?: Promise<unknown> | undefined;
}

/** Start a run. `ask` asks the host for it under the id that it is given. */
export function startRun(
  llm: Llm,
  ask: (inferenceId: string) => Promise<unknown>,
  options: StartOptions = {},
): Run {
  const { inferenceId = newInferenceId(), after } = options;
  const begin = async () => {
    await ask(inferenceId);
    return [];
  };
  return follow(llm, inferenceId, begin, after);
}

/** Follow a run that exists already, from its beginning. */
export function attachRun(llm: Llm, inferenceId: string): Run {
  return follow(llm, inferenceId, async () => {
    const { events } = await llm.llmAttach({ inferenceId, afterSeq: -1 });
    return events;
  });
}

/** A run that is refused before anybody is asked. */
export function refusedRun(error: HostError): Run {
  const id = newInferenceId();
  const store = createStore(refuse(beginRun(id), error));
  const { get, subscribe } = store;
  return {
    id,
    get,
    subscribe,
    accepted: Promise.resolve(false),
    result: Promise.resolve(get()),
    cancel: () => Promise.resolve(false),
    [Symbol.asyncIterator]: () => piecesOf(store),
  };
}

function follow(
  llm: Llm,
  inferenceId: string,
  begin: () => Promise<readonly AnyEvent[]>,
  after?: Promise<unknown>,
): Run {
  const store = createStore<RunState>(beginRun(inferenceId));
  let silence: ReturnType<typeof setTimeout> | undefined;
  let asked = after === undefined;
  let fetching = false;
  let finish = (_: RunState): void => {};
  const result = new Promise<RunState>((resolve) => {
    finish = resolve;
  });
  // Listening begins before the asking, so that nothing can come too early.
  const unsubscribe = llm.onLlmEvents(take, inferenceId);

  function become(next: RunState): void {
    store.set(next);
    if (hasEnded(next)) {
      clearTimeout(silence);
      unsubscribe();
      finish(next);
    }
  }

  function take(events: readonly AnyEvent[]): void {
    listenOn();
    become(reduce(store.get(), events));
    if (hasGap(store.get())) void fetchMissing();
  }

  function listenOn(): void {
    clearTimeout(silence);
    if (!hasEnded(store.get())) silence = setTimeout(() => void fetchMissing(), SILENCE_MS);
  }

  /** The host's log knows what this view has missed. */
  async function fetchMissing(): Promise<void> {
    if (fetching || hasEnded(store.get())) return;
    fetching = true;
    try {
      const { events } = await llm.llmAttach({ inferenceId, afterSeq: store.get().next - 1 });
      become(reduce(store.get(), events));
    } catch (error) {
      const failure = failureOf(error);
      // A lost host comes back and is asked again; a host without this run has ended it for us.
      if (failure.code !== "HOST_LOST") become(refuse(store.get(), failure));
    } finally {
      fetching = false;
    }
    listenOn();
  }

  async function open(): Promise<boolean> {
    try {
      if (after !== undefined) await Promise.race([after, result]);
      if (hasEnded(store.get())) return false;
      asked = true;
      const found = await begin(); // events may have come meanwhile
      become(reduce(store.get(), found));
      listenOn();
      return true;
    } catch (error) {
      const failure = failureOf(error);
      const isLost = failure.code === "HOST_LOST";
      // Its events have come: it lives, and a host that comes back will go on with it.
      if (isLost && store.get().next > 0) return true;
      become(refuse(store.get(), failure));
      // The question may have arrived all the same; nobody waits for that answer any more.
      if (isLost)
        llm
          .ready()
          .then(() => llm.llmCancel(inferenceId), noop)
          .catch(noop);
      return false;
    }
  }

  async function cancel(): Promise<boolean> {
    if (hasEnded(store.get())) return false;
    if (!asked) {
      become(withdraw(store.get()));
      return true;
    }
    become(askToStop(store.get()));
    if (!(await accepted) || hasEnded(store.get())) return false;
    try {
      const known = await llm.llmCancel(inferenceId);
      // Ended already, as far as the host knows: so should we hear of it.
      if (!known) await fetchMissing();
      return known;
    } catch {
      become(goOn(store.get()));
      return false;
    }
  }

  const accepted = open();
  return {
    id: inferenceId,
    get: store.get,
    subscribe: store.subscribe,
    accepted,
    result,
    cancel,
    [Symbol.asyncIterator]: () => piecesOf(store),
  };
}

async function* piecesOf(store: ReadonlyStore<RunState>): AsyncGenerator<string, void, void> {
  let told = 0;
  for (;;) {
    const state = store.get();
    if (state.response.length > told) {
      const piece = state.response.slice(told);
      told = state.response.length;
      yield piece;
    } else if (hasEnded(state)) {
      if (state.failure !== null) throw state.failure;
      return;
    } else {
      await new Promise<void>((resolve) => {
        const stop = store.subscribe(() => {
          stop();
          resolve();
        });
      });
    }
  }
}

function noop(): void {}
