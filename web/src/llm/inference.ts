/** The logic of `useLlmInference` without React: one view over successive runs. */
import type { InferenceRequest, Message, Timing } from "../bridge/contract";
import { type HostError, hostLost, pageError } from "../bridge/hostError";
import type { Llm } from "../bridge/llmApi";
import { createStore } from "../lib/store";
import { createThrottle, type Flush, type Throttle } from "../lib/throttle";
import { attachRun, type Run, refusedRun, startRun } from "./run";
import { beginRun, hasEnded, type RunFailure, type RunState, type RunStatus } from "./runReducer";

/** The options of a request besides its messages. */
type RequestOptions = Omit<InferenceRequest, "messages" | "stream" | "inferenceId">;

export interface InferenceOptions extends RequestOptions {
  /** The effect of a call during a live run: end that run, wait for it, or be refused. */
  readonly whenBusy?: "replace" | "queue" | "reject" | undefined;
  /** What happens to a live run when the component is removed or hidden. */
  readonly onUnmount?: "cancel" | "keep" | undefined;
  /** A run to follow from its beginning, such as one that a reload interrupted. */
  readonly resume?: string | null | undefined;
  /** How often to render while text arrives; an end renders at once. */
  readonly flush?: Flush | undefined;
  readonly onToken?: ((text: string) => void) | undefined;
  /** Called at an end without a failure, including a cancelled one. */
  readonly onDone?: ((state: RunState) => void) | undefined;
  readonly onError?: ((failure: RunFailure) => void) | undefined;
  /** Called at every end, after `onDone` or `onError`; `status` says which end. */
  readonly onFinish?: ((state: RunState) => void) | undefined;
  /** The host to use, instead of the provider's or the page's own. */
  readonly llm?: Llm | undefined;
}

/** Options of one call; they override those of the hook. */
export type RunOverrides = Partial<RequestOptions> & Pick<InferenceOptions, "whenBusy">;

export interface InferenceView extends Omit<RunState, Hidden> {
  /** From the call until the host has confirmed the end. */
  readonly isLoading: boolean;
  readonly error: string | null;
  readonly status: "idle" | RunStatus;
  /** Milliseconds to the first token and in all, and the speed between the two. */
  readonly timing: (Timing & { readonly tokensPerSecond: number | null }) | null;
  readonly inferenceId: string | null;
  /** The host's activity while there is no text yet. */
  readonly activity: RunState["thinking"];
}

/** Fields that are internal to the reducer. */
type Hidden = "status" | "timing" | "inferenceId" | "next" | "held" | "reasoningUntilMs";

export interface Inference {
  get(): InferenceView;
  subscribe(listener: () => void): () => void;
  runInference(messages: readonly Message[], overrides?: RunOverrides): Run;
  cancel(): Promise<boolean>;
  /** Repeats the last call; null if there was none. */
  retry(): Run | null;
  /** Returns to the initial state; a live run is ended. */
  reset(): void;
  /** Follows this run, unless it is followed already. */
  resume(inferenceId: string): void;
  /** Call when a component shows the view; call the result when it no longer does. */
  mount(): () => void;
}

/** A function of options is called at every use, so that those of the latest render count. */
export function createInference(source: InferenceOptions | (() => InferenceOptions)): Inference {
  const options = typeof source === "function" ? source : () => source;
  const view = createStore<InferenceView>(IDLE);
  let current: Run | null = null;
  let stopFollowing = (): void => {};
  let queue: { readonly run: Run; readonly begin: () => void }[] = [];
  let last: Parameters<Inference["runInference"]> | null = null;
  let resumed: string | null = null;
  let mounts = 0;
  /** No component shows the view any more, so no callbacks are called. */
  let isHidden = false;

  function show(run: Run): void {
    stopFollowing();
    current = run;
    const throttle: Throttle = createThrottle(options().flush ?? "frame", () =>
      view.set(inferenceViewOf(run.get())),
    );
    view.set(inferenceViewOf(run.get()));
    const stop = run.subscribe((state, previous) => {
      const isEnd = hasEnded(state);
      throttle.request(isEnd || state.status !== previous.status);
      // The next run begins before the callbacks, which may start another one.
      if (isEnd) showNext();
      const { onToken } = options();
      const added = state.response.slice(previous.response.length);
      if (added !== "") callBack(() => onToken?.(added));
      if (isEnd) finish(state);
    });
    stopFollowing = () => {
      stop();
      throttle.stop();
    };
    if (hasEnded(run.get())) finish(run.get());
  }

  function finish(state: RunState): void {
    const { onDone, onError, onFinish } = options();
    const { failure } = state;
    callBack(() => (failure === null ? onDone?.(state) : onError?.(failure)));
    callBack(() => onFinish?.(state));
  }

  function callBack(call: () => void): void {
    if (isHidden) return;
    try {
      call();
    } catch (error) {
      reportError(error); // the run goes on, and so does the queue
    }
  }

  function showNext(): void {
    let next = queue.shift();
    // The owner of a run may have cancelled it while it waited.
    while (next !== undefined && hasEnded(next.run.get())) next = queue.shift();
    if (next === undefined) return;
    next.begin();
    show(next.run);
  }

  function isBusy(): boolean {
    return current !== null && !hasEnded(current.get());
  }

  function cancelQueue(): void {
    const cancelled = queue;
    queue = [];
    for (const { run } of cancelled) void run.cancel();
  }

  /** Ends every run without updating the view. */
  function drop(): void {
    stopFollowing();
    cancelQueue();
    void current?.cancel();
    current = null;
  }

  function runInference(messages: readonly Message[], overrides: RunOverrides = {}): Run {
    const all = { ...options(), ...overrides };
    const { whenBusy, onUnmount, resume, flush, ...others } = all;
    const { onToken, onDone, onError, onFinish, llm = pageLlm(), ...rest } = others;
    const mustWait = isBusy() && whenBusy === "queue";
    if (isBusy() && whenBusy === "reject") {
      return refusedRun(pageError("SESSION_BUSY", "An answer is being written already", true));
    }
    last = [messages, overrides];
    if (!mustWait) drop();
    if (llm === undefined) {
      const run = refusedRun(notConnected());
      show(run);
      return run;
    }
    const request = { ...rest, messages: [...messages], stream: true };
    const requestRun = (inferenceId: string) => llm.llmInference({ ...request, inferenceId });
    let begin = (): void => {};
    const whenNext = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const run = startRun(llm, requestRun, { after: mustWait ? whenNext : undefined });
    if (mustWait) queue.push({ run, begin });
    else show(run);
    return run;
  }

  async function cancel(): Promise<boolean> {
    cancelQueue();
    return (await current?.cancel()) ?? false;
  }

  return {
    get: view.get,
    subscribe: (listener) => view.subscribe(() => listener()),
    runInference,
    cancel,
    retry: () => (last === null ? null : runInference(...last)),
    reset() {
      drop();
      last = resumed = null;
      view.set(IDLE);
    },
    resume(inferenceId) {
      // A component that is shown again asks for the same run again.
      if (resumed === inferenceId || current?.id === inferenceId) return;
      resumed = inferenceId;
      drop();
      const { llm = pageLlm() } = options();
      show(llm === undefined ? refusedRun(notConnected()) : attachRun(llm, inferenceId));
    },
    mount() {
      mounts += 1;
      isHidden = false;
      return () => {
        mounts -= 1;
        // React's strict mode removes every component once and brings it back at once.
        queueMicrotask(() => {
          if (mounts > 0 || isHidden) return;
          isHidden = true;
          if (options().onUnmount !== "keep") void cancel();
        });
      };
    },
  };
}

function inferenceViewOf(state: RunState): InferenceView {
  const { next, held, reasoningUntilMs, ...visible } = state;
  return {
    ...visible,
    isLoading: !hasEnded(state),
    error: state.failure?.message ?? null,
    timing: state.timing && { ...state.timing, tokensPerSecond: speedOf(state) },
    activity: state.thinking,
  };
}

/** The view before the first run. */
const IDLE: InferenceView = {
  ...inferenceViewOf(beginRun("")),
  isLoading: false,
  status: "idle",
  inferenceId: null,
};

/** The host that the page's own script has set; undefined in any other page. */
function pageLlm(): Llm | undefined {
  return globalThis.window?.llm;
}

function notConnected(): HostError {
  return hostLost(
    "This page has no host to ask: pass `llm`, or put an <LlmProvider llm={…}> around it",
  );
}

/** Tokens per second from the first token to the end; null if that is meaningless. */
export function speedOf({ usage, timing }: Pick<RunState, "usage" | "timing">): number | null {
  if (usage === null || timing === null || timing.firstTokenMs === null) return null;
  const ms = timing.totalMs - timing.firstTokenMs;
  return ms > 0 && usage.outputTokens > 1 ? ((usage.outputTokens - 1) * 1000) / ms : null;
}
