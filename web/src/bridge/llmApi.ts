/** The functions of `window.llm` and `window.shell`, for any script of the page. */
import { afterMicrotasks, type Bridge, type ReplayedEvents } from "./bridge";
import type {
  AnyEvent,
  AttachRequest,
  Decision,
  InferenceRequest,
  InferenceSummary,
  ServiceStatus,
  SessionConfig,
  SessionInfo,
  SessionRunOptions,
  SessionSnapshot,
} from "./contract";
import type { Channel, EventOf, Unsubscribe } from "./eventRouter";

type Subscribe<C extends Channel> = (callback: (event: EventOf<C>) => void) => Unsubscribe;

/** Metadata can be any JSON value; anything else is refused with VALIDATION. */
export type SessionOptions = Omit<SessionConfig, "metadata"> & {
  metadata?: Record<string, unknown> | null | undefined;
};

/** Every channel has its subscription: `llm:token` has `onLlmToken`. */
export type Subscriptions = {
  readonly [C in Channel as C extends `llm:${infer Name}`
    ? `onLlm${Capitalize<Name>}`
    : never]: Subscribe<C>;
};

/** The host's models. Rejections are errors with `code`, `retryable`, `retryAfterMs`. */
export interface Llm extends Subscriptions {
  /** Resolves when the host answers; pending again while the connection is lost. */
  ready(): Promise<void>;
  /** Starts a run; resolves with its id. */
  llmInference(options: InferenceRequest): Promise<string>;
  /** Stops a run; false if it is unknown or has ended. */
  llmCancel(inferenceId: string): Promise<boolean>;
  /** Allows or denies a waiting tool call; false if it was decided before. */
  llmDecide(decision: Decision): Promise<boolean>;
  llmCreateSession(config: SessionOptions): Promise<SessionInfo>;
  llmDestroySession(sessionId: string): Promise<boolean>;
  /** Adds messages to a session and starts a run on it; resolves with the run's id. */
  llmRunSession(options: SessionRunOptions): Promise<string>;
  llmGetStatus(): Promise<ServiceStatus>;
  /** Returns all events of a run after `afterSeq` (-1: all). Listeners receive the later ones. */
  llmAttach(request: AttachRequest): Promise<ReplayedEvents>;
  /** The runs that this page may attach to. */
  llmList(): Promise<InferenceSummary[]>;
  llmGetSession(sessionId: string): Promise<SessionSnapshot>;
  /** Subscribes to events in batches as they arrived, of all inferences or of one. */
  onLlmEvents(callback: (events: readonly AnyEvent[]) => void, inferenceId?: string): Unsubscribe;
}

export interface Shell {
  /** Opens another window, or another tab of the browser. False if that is not possible. */
  openWindow(): Promise<boolean>;
  /** Opens a web or mail address outside of the page. */
  openLink(url: string): Promise<boolean>;
}

declare global {
  interface Window {
    readonly llm: Llm;
    readonly shell: Shell;
  }
}

/** An id for a run, chosen by the page so that even the first events can be matched to the run. */
export const newInferenceId = (): string => `inf-${crypto.randomUUID()}`;

export function createLlm(bridge: Bridge): Llm {
  const { client, router } = bridge;

  /**
   * Events may arrive before the reply to the call, because a push can bring both together. If the
   * caller gave no id, it can match events only after it has received the id, so they are held until
   * then.
   */
  async function start<T extends { inferenceId?: string | null | undefined }>(
    options: T,
    run: (options: T) => Promise<string>,
  ): Promise<string> {
    const callerId = options?.inferenceId ?? null;
    const inferenceId = callerId ?? newInferenceId();
    const known = router.live.has(inferenceId);
    if (!known) router.follow(inferenceId, -1);
    if (callerId === null) router.hold(inferenceId);
    try {
      return await run({ ...options, inferenceId });
    } catch (error) {
      if (!known) router.forget(inferenceId);
      throw error;
    } finally {
      if (callerId === null) afterMicrotasks(() => router.release(inferenceId));
    }
  }

  return Object.freeze<Llm>({
    ready: () => bridge.ready(),
    llmInference: (options) => start(options, client.llm.inference),
    llmCancel: client.llm.cancel,
    llmDecide: client.llm.decide,
    llmCreateSession: (config) => client.llm.createSession(config as SessionConfig),
    llmDestroySession: client.llm.destroySession,
    llmRunSession: (options) => start(options, client.llm.runSession),
    llmGetStatus: () => client.llm.getStatus(),
    llmAttach: (request) => bridge.attach(request),
    llmList: () => client.llm.list(),
    llmGetSession: client.llm.getSession,
    onLlmToken: (callback) => router.on("llm:token", callback),
    onLlmThinking: (callback) => router.on("llm:thinking", callback),
    onLlmReasoning: (callback) => router.on("llm:reasoning", callback),
    onLlmTool: (callback) => router.on("llm:tool", callback),
    onLlmStep: (callback) => router.on("llm:step", callback),
    onLlmCall: (callback) => router.on("llm:call", callback),
    onLlmApproval: (callback) => router.on("llm:approval", callback),
    onLlmElicitation: (callback) => router.on("llm:elicitation", callback),
    onLlmResult: (callback) => router.on("llm:result", callback),
    onLlmRetrying: (callback) => router.on("llm:retrying", callback),
    onLlmNotice: (callback) => router.on("llm:notice", callback),
    onLlmDone: (callback) => router.on("llm:done", callback),
    onLlmError: (callback) => router.on("llm:error", callback),
    onLlmEvents: (callback, inferenceId) => router.onEvents(callback, inferenceId),
  });
}

export function createShell(bridge: Bridge, page: Window = window): Shell {
  return Object.freeze<Shell>({
    async openWindow() {
      if (await bridge.client.shell.openWindow()) return true;
      // In a browser the page opens a tab. This tab admits it, and it takes an id of its own.
      return (
        bridge.kind !== "pywebview" &&
        page.open(page.location.pathname + page.location.search) !== null
      );
    },
    openLink: (url) => bridge.client.shell.openLink(url),
  });
}

/** Defines both as globals that no script of the page can replace. */
export function installApis(page: Window, llm: Llm, shell: Shell): void {
  for (const [name, value] of Object.entries({ llm, shell })) {
    Object.defineProperty(page, name, { value, enumerable: true });
  }
}
