/** One run from before it is requested until its end. */
import type { AnyEvent } from "../bridge/contract";
import { failureOf, type HostError } from "../bridge/hostError";
import { type Llm, newInferenceId } from "../bridge/llmApi";
import { createStore, type ReadonlyStore } from "../lib/store";
import {
  beginRun,
  cancelUnsent,
  continueRun,
  hasEnded,
  hasGap,
  markStopping,
  type RunState,
  reduce,
  refuse,
} from "./runReducer";

/** A run that was silent for this long is checked, in case its last events were lost. */
const SILENCE_MS = 5_000;

export interface Run extends ReadonlyStore<RunState>, AsyncIterable<string> {
  readonly id: string;
  /** Whether the host accepted the run. */
  readonly accepted: Promise<boolean>;
  /** The last state, once the run has ended in any way. Never rejects. */
  readonly result: Promise<RunState>;
  /** Asks the host to end it. False if it has ended already or the host cannot be reached. */
  cancel(): Promise<boolean>;
}

export interface StartOptions {
  readonly inferenceId?: string | undefined;
  /** A promise to await before asking the host. */
  readonly after?: Promise<unknown> | undefined;
}

/** Starts a run. `request` requests it from the host under the given id. */
export function startRun(
  llm: Llm,
  request: (inferenceId: string) => Promise<unknown>,
  options: StartOptions = {},
): Run {
  const { inferenceId = newInferenceId(), after } = options;
  const begin = async () => {
    await request(inferenceId);
    return [];
  };
  return follow(llm, inferenceId, begin, after);
}

/** Follows an existing run from its beginning. */
export function attachRun(llm: Llm, inferenceId: string): Run {
  return follow(llm, inferenceId, async () => {
    const { events } = await llm.llmAttach({ inferenceId, afterSeq: -1 });
    return events;
  });
}

/** A run that is refused without asking the host. */
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
  let isRequested = after === undefined;
  let fetching = false;
  let finish = (_: RunState): void => {};
  const result = new Promise<RunState>((resolve) => {
    finish = resolve;
  });
  // Subscribes before asking, so that no event is missed.
  const unsubscribe = llm.onLlmEvents(onEvents, inferenceId);

  function setState(next: RunState): void {
    store.set(next);
    if (hasEnded(next)) {
      clearTimeout(silence);
      unsubscribe();
      finish(next);
    }
  }

  function onEvents(events: readonly AnyEvent[]): void {
    watchSilence();
    setState(reduce(store.get(), events));
    if (hasGap(store.get())) void fetchMissing();
  }

  function watchSilence(): void {
    clearTimeout(silence);
    if (!hasEnded(store.get())) silence = setTimeout(() => void fetchMissing(), SILENCE_MS);
  }

  /** Fetches missed events from the host's log. */
  async function fetchMissing(): Promise<void> {
    if (fetching || hasEnded(store.get())) return;
    fetching = true;
    try {
      const { events } = await llm.llmAttach({ inferenceId, afterSeq: store.get().next - 1 });
      setState(reduce(store.get(), events));
    } catch (error) {
      const failure = failureOf(error);
      // A lost host gets this request again when it returns. A host without this run has ended it.
      if (failure.code !== "HOST_LOST") setState(refuse(store.get(), failure));
    } finally {
      fetching = false;
    }
    watchSilence();
  }

  async function open(): Promise<boolean> {
    try {
      if (after !== undefined) await Promise.race([after, result]);
      if (hasEnded(store.get())) return false;
      isRequested = true;
      const events = await begin(); // events may have arrived in the meantime
      setState(reduce(store.get(), events));
      watchSilence();
      return true;
    } catch (error) {
      const failure = failureOf(error);
      const isLost = failure.code === "HOST_LOST";
      // Its events have arrived, so it is live, and a host that returns will continue it.
      if (isLost && store.get().next > 0) return true;
      setState(refuse(store.get(), failure));
      // The request may have arrived all the same, but its answer is not wanted any more.
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
    if (!isRequested) {
      setState(cancelUnsent(store.get()));
      return true;
    }
    setState(markStopping(store.get()));
    if (!(await accepted) || hasEnded(store.get())) return false;
    try {
      const known = await llm.llmCancel(inferenceId);
      // The host says that it has ended, so the final events must exist.
      if (!known) await fetchMissing();
      return known;
    } catch {
      setState(continueRun(store.get()));
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
  let yieldedLength = 0;
  for (;;) {
    const state = store.get();
    if (state.response.length > yieldedLength) {
      const piece = state.response.slice(yieldedLength);
      yieldedLength = state.response.length;
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
