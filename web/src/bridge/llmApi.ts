/** Preload: `window.llm` and `window.shell`, what any script of the page may use. */
import { afterTurn, type Bridge, type ReplayedEvents } from "./bridge";
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

/** Metadata is anything that JSON can say; anything else is refused with VALIDATION. */
export type SessionOptions = Omit<SessionConfig, "metadata"> & {
  metadata?: Record<string, unknown> | null | undefined;
};

/** Every channel has its subscription: `llm:token` has `onLlmToken`. */
export type Subscriptions = {
  readonly [C in Channel as C extends `llm:${infer Name}`
    ? `onLlm${Capitalize<Name>}`
    : never]: Subscribe<C>;
};

/** The models behind the host. Rejections are errors with `code`, `retryable`, `retryAfterMs`. */
export interface Llm extends Subscriptions {
  /** Resolves when the host answers; pending again while it is lost. */
  ready(): Promise<void>;
  /** Start a run; resolves with its id. */
  llmInference(options: InferenceRequest): Promise<string>;
  /** Stop a run; false when it is unknown or has ended. */
  llmCancel(inferenceId: string): Promise<boolean>;
  /** Allow or deny a tool call that waits; false when somebody has decided before. */
  llmDecide(decision: Decision): Promise<boolean>;
  llmCreateSession(config: SessionOptions): Promise<SessionInfo>;
  llmDestroySession(sessionId: string): Promise<boolean>;
  /** Add messages to a session and answer them; resolves with the run's id. */
  llmRunSession(options: SessionRunOptions): Promise<string>;
  llmGetStatus(): Promise<ServiceStatus>;
  /** Everything of a run after `afterSeq` (-1: all); while it lives, the listeners hear the rest. */
  llmAttach(request: AttachRequest): Promise<ReplayedEvents>;
  /** The runs that this page may attach to. */
  llmList(): Promise<InferenceSummary[]>;
  llmGetSession(sessionId: string): Promise<SessionSnapshot>;
  /** All events in the batches in which they came, or those of one inference. */
  onLlmEvents(callback: (events: readonly AnyEvent[]) => void, inferenceId?: string): Unsubscribe;
}

export interface Shell {
  /** Open another window, or another tab of the browser. False when there is none to be had. */
  openWindow(): Promise<boolean>;
  /** Open a web or mail address outside of the page. */
  openLink(url: string): Promise<boolean>;
}

declare global {
  interface Window {
    readonly llm: Llm;
    readonly shell: Shell;
  }
}

/** An id for a run, chosen here so that even its first events have an owner. */
export const newInferenceId = (): string => `inf-${crypto.randomUUID()}`;

export function createLlm(bridge: Bridge): Llm {
  const { client, router } = bridge;

  /**
   * Events may come before the answer to the call: the run is known from its beginning. A caller
   * that leaves the id to us can only compare events with it once it has it. So they are held until
   * then: a push brings the reply and the first events together.
   */
  async function start<T extends { inferenceId?: string | null | undefined }>(
    options: T,
    run: (options: T) => Promise<string>,
  ): Promise<string> {
    const chosen = options?.inferenceId ?? null;
    const inferenceId = chosen ?? newInferenceId();
    const known = router.live.has(inferenceId);
    if (!known) router.follow(inferenceId, -1);
    if (chosen === null) router.hold(inferenceId);
    try {
      return await run({ ...options, inferenceId });
    } catch (error) {
      if (!known) router.forget(inferenceId);
      throw error;
    } finally {
      if (chosen === null) afterTurn(() => router.release(inferenceId));
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
      // A browser has tabs: this one lets the new one in, which takes an id of its own.
      return (
        bridge.kind !== "pywebview" &&
        page.open(page.location.pathname + page.location.search) !== null
      );
    },
    openLink: (url) => bridge.client.shell.openLink(url),
  });
}

/** Put both where every script of the page finds them, and none can replace them. */
export function installApis(page: Window, llm: Llm, shell: Shell): void {
  for (const [name, value] of Object.entries({ llm, shell })) {
    Object.defineProperty(page, name, { value, enumerable: true });
  }
}
