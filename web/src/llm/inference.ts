/** What `useLlmInference` does, without React: one view of one run after another. */
import type { InferenceRequest, Message, Timing, Usage } from "../bridge/contract";
import { HostError } from "../bridge/hostError";
import type { Llm } from "../bridge/llmApi";
import { createStore } from "../lib/store";
import { createThrottle, type Flush, type Throttle } from "../lib/throttle";
import { attachRun, type Run, refusedRun, startRun } from "./run";
import { hasEnded, type RunFailure, type RunState, type RunStatus } from "./runReducer";

/** What one request may say besides its messages. */
type RequestOptions = Omit<InferenceRequest, "messages" | "stream" | "inferenceId">;

export interface InferenceOptions extends RequestOptions {
  /** A call while a run is live ends that run, waits for it, or is refused. */
  readonly whenBusy?: "replace" | "queue" | "reject" | undefined;
  /** What happens to a live run when the component goes away. */
  readonly onUnmount?: "cancel" | "keep" | undefined;
  /** A run to follow from its beginning, such as one that a reload interrupted. */
  readonly resume?: string | null | undefined;
  /** How often to render while text arrives; the end is always told at once. */
  readonly flush?: Flush | undefined;
  readonly onToken?: ((text: string) => void) | undefined;
  readonly onDone?: ((state: RunState) => void) | undefined;
  readonly onError?: ((failure: RunFailure) => void) | undefined;
  /** Where to run; the page's own host unless a test says otherwise. */
  readonly llm?: Llm | undefined;
}

export interface InferenceView {
  /** The answer so far. */
  readonly response: string;
  /** From the call until the host has confirmed the end. */
  readonly isLoading: boolean;
  readonly error: string | null;
  readonly status: "idle" | RunStatus;
  readonly failure: RunFailure | null;
  readonly reasoning: string;
  readonly usage: Usage | null;
  /** Milliseconds to the first token and in all, and the speed between the two. */
  readonly timing: (Timing & { readonly tokensPerSecond: number | null }) | null;
  readonly finishReason: RunState["finishReason"];
  readonly inferenceId: string | null;
  readonly thinking: RunState["thinking"];
  readonly retrying: RunState["retrying"];
  readonly notices: RunState["notices"];
  readonly tools: RunState["tools"];
}

export interface Inference {
  get(): InferenceView;
  subscribe(listener: () => void): () => void;
  runInference(messages: readonly Message[]): Run;
  cancel(): Promise<boolean>;
  /** Ask again what was asked last; null when nothing was. */
  retry(): Run | null;
  /** Back to the beginning; a live run is ended. */
  reset(): void;
  resume(inferenceId: string): void;
  /** The component is there; the result says that it went. */
  mount(): () => void;
}

export const IDLE: InferenceView = {
  response: "",
  isLoading: false,
  error: null,
  status: "idle",
  failure: null,
  reasoning: "",
  usage: null,
  timing: null,
  finishReason: null,
  inferenceId: null,
  thinking: null,
  retrying: null,
  notices: [],
  tools: [],
};

/** `options` is asked at every use, so that what a render said last is what counts. */
export function createInference(options: () => InferenceOptions): Inference {
  const view = createStore<InferenceView>(IDLE);
  let current: Run | null = null;
  let leave = (): void => {};
  let waiting: Run[] = [];
  let asked: readonly Message[] | null = null;
  let mounted = false;

  function show(run: Run): void {
    leave();
    current = run;
    const pace: Throttle = createThrottle(options().flush ?? "frame", () =>
      view.set(viewOf(run.get())),
    );
    view.set(viewOf(run.get()));
    const stop = run.subscribe((state, previous) => {
      const { onToken, onDone, onError } = options();
      const ended = hasEnded(state);
      pace.ask(ended || state.status !== previous.status);
      if (state.response.length > previous.response.length) {
        onToken?.(state.response.slice(previous.response.length));
      }
      if (!ended) return;
      if (state.failure === null) onDone?.(state);
      else onError?.(state.failure);
      showNext();
    });
    leave = () => {
      stop();
      pace.stop();
    };
    // A run that was taken out of the queue by its owner has ended before its turn.
    if (hasEnded(run.get())) showNext();
  }

  function showNext(): void {
    const next = waiting.shift();
    if (next !== undefined) show(next);
  }

  function start(messages: readonly Message[], after?: Promise<unknown>): Run {
    const { llm = window.llm, ...rest } = options();
    const request = requestOf(rest, messages);
    return startRun(llm, (inferenceId) => llm.llmInference({ ...request, inferenceId }), { after });
  }

  function isBusy(): boolean {
    return current !== null && !hasEnded(current.get());
  }

  function dropAll(): void {
    const dropped = [...waiting, ...(current === null ? [] : [current])];
    waiting = [];
    leave();
    current = null;
    for (const run of dropped) void run.cancel();
  }

  function runInference(messages: readonly Message[]): Run {
    const { whenBusy = "replace", llm = window.llm } = options();
    if (isBusy() && whenBusy === "reject") return refusedRun(llm, busy());
    asked = messages;
    if (isBusy() && whenBusy === "queue") {
      const run = start(messages, (waiting.at(-1) ?? current)?.result);
      waiting.push(run);
      return run;
    }
    dropAll();
    const run = start(messages);
    show(run);
    return run;
  }

  return {
    get: view.get,
    subscribe: (listener) => view.subscribe(() => listener()),
    runInference,
    async cancel() {
      const queued = waiting;
      waiting = [];
      for (const run of queued) void run.cancel();
      return (await current?.cancel()) ?? false;
    },
    retry: () => (asked === null ? null : runInference(asked)),
    reset() {
      dropAll();
      asked = null;
      view.set(IDLE);
    },
    resume(inferenceId) {
      if (current?.id === inferenceId) return;
      dropAll();
      show(attachRun(options().llm ?? window.llm, inferenceId));
    },
    mount() {
      mounted = true;
      return () => {
        mounted = false;
        // React's strict mode takes every component away once, and brings it back at once.
        queueMicrotask(() => {
          if (mounted) return;
          if ((options().onUnmount ?? "cancel") === "cancel") dropAll();
          else leave();
        });
      };
    },
  };
}

/** What the host is asked; options that are ours alone stay here. */
function requestOf(options: InferenceOptions, messages: readonly Message[]): InferenceRequest {
  const { whenBusy, onUnmount, resume, flush, onToken, onDone, onError, llm, ...request } = options;
  return { ...request, messages: [...messages], stream: true };
}

export function viewOf(state: RunState): InferenceView {
  return {
    response: state.response,
    isLoading: !hasEnded(state),
    error: state.failure?.error ?? null,
    status: state.status,
    failure: state.failure,
    reasoning: state.reasoning,
    usage: state.usage,
    timing: state.timing && { ...state.timing, tokensPerSecond: speedOf(state) },
    finishReason: state.finishReason,
    inferenceId: state.inferenceId,
    thinking: state.thinking,
    retrying: state.retrying,
    notices: state.notices,
    tools: state.tools,
  };
}

/** Tokens a second from the first token to the end; null where that says nothing. */
export function speedOf({ usage, timing }: RunState): number | null {
  if (usage === null || timing === null || timing.firstTokenMs === null) return null;
  const ms = timing.totalMs - timing.firstTokenMs;
  return ms > 0 && usage.outputTokens > 1 ? ((usage.outputTokens - 1) * 1000) / ms : null;
}

function busy(): HostError {
  return new HostError({
    code: "SESSION_BUSY",
    message: "An answer is being written already",
    retryable: true,
    retryAfterMs: null,
    issues: null,
    details: null,
  });
}
