/** A run of the fake host: plays a script into a log of events. */
import type { AnyEvent, CallDecision, ErrorCode, FinishReason } from "../contract";
import type { ScriptCall, ScriptEvent, Step } from "./script";

const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "TIMEOUT",
  "STREAM_TIMEOUT",
  "RATE_LIMIT",
  "NETWORK_ERROR",
  "OVERLOADED",
  "SERVER_ERROR",
  "STREAM_INTERRUPTED",
  "STREAM_INCOMPLETE",
  "LOCAL_MODEL_CRASHED",
  "HOST_LOST",
  "LIMIT",
  "SESSION_BUSY",
]);
/** Errors after which the host retries by itself. */
const RETRIED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "NETWORK_ERROR",
  "RATE_LIMIT",
  "OVERLOADED",
  "SERVER_ERROR",
]);
const RETRY_DELAY_MS = 500;
/** The longest lag behind its pace that a run still makes up for. */
const LATEST_MS = 1_000;
const STEPS_A_TURN = 256;
/** How long a tool of the fake host takes. */
const TOOL_MS = 400;

export const isRetryable = (code: ErrorCode): boolean => RETRYABLE.has(code);

/** A decision about one call; only the real host uses the request's other fields. */
export type FakeDecision = Omit<CallDecision, "messageId">;

export interface FakeRunPlan {
  readonly id: string;
  /** The last message. */
  readonly prompt: string;
  readonly inputTokens: number;
  /** Starts the script; called again for every attempt. */
  play(): Generator<Step>;
  /** Whether this attempt is among the first `times` at this script, in any run. */
  fails(times: number): boolean;
  /** Called after every event. */
  grow(): void;
  /** Called with the last event, before listeners receive it. */
  end(run: FakeRun, last: AnyEvent): void;
}

export class FakeRun {
  readonly events: AnyEvent[] = [];
  readonly id: string;
  readonly prompt: string;
  readonly startedAt = Date.now();
  live = true;
  readonly #plan: FakeRunPlan;
  readonly #began = performance.now();
  #steps: Generator<Step>;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #due = performance.now();
  #tokens = 0;
  #reasoned = 0;
  #attempts = 0;
  #firstMs: number | null = null;
  #batch = 0;
  /** The calls without a result, by id. */
  readonly #open = new Map<string, ScriptCall & { isWaiting: boolean }>();

  constructor(plan: FakeRunPlan) {
    this.id = plan.id;
    this.prompt = plan.prompt;
    this.#plan = plan;
    this.#steps = plan.play();
    this.#add({ channel: "llm:thinking", status: "Initializing..." });
    this.#add({ channel: "llm:thinking", status: "Processing..." });
    this.#later(0);
  }

  get text(): string {
    return this.events.map((event) => (event.channel === "llm:token" ? event.token : "")).join("");
  }

  cancel(): boolean {
    if (!this.live) return false;
    this.#done(null, true);
    return true;
  }

  /** Takes a decision about a call; false if it does not wait. */
  decide({ callId, verdict, scope = "once", arguments: edited, reason }: FakeDecision): boolean {
    const call = this.#open.get(callId);
    if (!this.live || !call?.isWaiting) return false;
    call.isWaiting = false;
    this.#add({
      channel: "llm:approval",
      callId,
      state: "decided",
      verdict,
      scope,
      ...(edited != null && { edited }),
      ...(reason != null && { why: reason }),
    });
    if (verdict === "deny") this.#settle(callId, "denied", "The person did not allow this call.");
    else {
      this.#reportCall(callId, "running");
      const text = `${call.tool} was called with ${JSON.stringify(edited ?? call.arguments)}.`;
      setTimeout(() => this.live && this.#settle(callId, "done", text), TOOL_MS);
    }
    return true;
  }

  #requestApproval(calls: readonly ScriptCall[]): void {
    this.#batch += 1;
    for (const [ordinal, call] of calls.entries()) {
      const callId = `call-${this.#batch}-${ordinal}`;
      const argumentsDelta = JSON.stringify(call.arguments);
      this.#open.set(callId, { ...call, isWaiting: true });
      this.#add({ channel: "llm:tool", id: callId, name: call.tool, argumentsDelta });
      this.#reportCall(callId, "waiting", ordinal);
      this.#add({ channel: "llm:approval", callId, state: "asked", nonce: crypto.randomUUID() });
    }
  }

  #reportCall(callId: string, state: "waiting" | "running", ordinal = 0): void {
    const { tool = "", arguments: callArguments = null } = this.#open.get(callId) ?? {};
    const flags = { reads: true, brings: false, sends: true };
    const call = { callId, tool, source: "fake.py", arguments: callArguments, definition: "" };
    this.#add({ channel: "llm:call", ...call, ...flags, step: this.#batch, ordinal, state });
  }

  #settle(callId: string, state: "done" | "denied", text: string): void {
    const bytes = text.length;
    const ranMs = state === "done" ? { ranMs: TOOL_MS } : {};
    this.#open.delete(callId);
    this.#add({ channel: "llm:result", callId, state, text, bytes, shownBytes: bytes, ...ranMs });
    if (this.#open.size === 0) this.#advance();
  }

  /** Takes steps until one has to wait or other tasks need a turn. */
  #advance(): void {
    for (let steps = 0; steps < STEPS_A_TURN; steps += 1) if (!this.#step()) return;
    this.#later(0);
  }

  /** Takes one step; false if the next one must not follow at once. */
  #step(): boolean {
    const next = this.#steps.next();
    const step: Step = next.done ? { kind: "end", reason: "stop" } : next.value;
    switch (step.kind) {
      case "wait": {
        const now = performance.now();
        this.#due = Math.max(this.#due + step.ms, now - LATEST_MS);
        if (this.#due > now) this.#later(this.#due - now);
        return this.#due <= now;
      }
      case "fail": {
        if (step.times !== null && !this.#plan.fails(step.times)) return true;
        const mayRetry = step.times !== null && RETRIED.has(step.code) && this.#firstMs === null;
        if (mayRetry) this.#retry(step.code, step.ms);
        else this.#error(step.code, step.ms);
        return false;
      }
      case "stall":
        return false;
      case "calls":
        this.#requestApproval(step.calls);
        return false;
      case "end":
        this.#done(step.reason, false);
        return false;
      case "event": {
        const { event } = step;
        const isEnd = event.channel === "llm:done" || event.channel === "llm:error";
        if (isEnd) this.#finish(event);
        else this.#add(event);
        return !isEnd;
      }
    }
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => this.#advance(), ms);
  }

  #retry(code: ErrorCode, ms: number | null): void {
    this.#attempts += 1;
    const delayMs = ms ?? RETRY_DELAY_MS;
    this.#add({ channel: "llm:retrying", attempt: this.#attempts + 1, delayMs, code });
    this.#steps = this.#plan.play();
    this.#due = performance.now() + delayMs;
    this.#later(delayMs);
  }

  #error(code: ErrorCode, retryAfterMs: number | null): void {
    const error = `The script asked for ${code}.`;
    this.#finish({ channel: "llm:error", error, code, retryable: isRetryable(code), retryAfterMs });
  }

  #done(finishReason: FinishReason | null, cancelled: boolean): void {
    const outputTokens = this.#tokens + this.#reasoned;
    this.#finish({
      channel: "llm:done",
      totalTokens: outputTokens,
      usage: {
        inputTokens: this.#plan.inputTokens,
        outputTokens,
        reasoningTokens: this.#reasoned,
        cachedTokens: 0,
        estimated: cancelled,
        cost: null,
      },
      ...(finishReason !== null && { finishReason }),
      cancelled,
      timing: { firstTokenMs: this.#firstMs, totalMs: this.#ms() },
    });
  }

  #finish(event: ScriptEvent): void {
    this.live = false;
    clearTimeout(this.#timer);
    this.#add(event);
  }

  #ms(): number {
    return Math.round(performance.now() - this.#began);
  }

  #add(event: ScriptEvent): void {
    const stamp = { inferenceId: this.id, seq: this.events.length, ms: this.#ms() };
    let stamped: AnyEvent = { ...event, ...stamp };
    // A joined event of a recording counts as one event, because its parts are not recorded.
    if (stamped.channel === "llm:token") {
      stamped = { ...stamped, count: 1, index: this.#tokens };
      this.#tokens += 1;
      this.#firstMs ??= stamp.ms;
    } else if (stamped.channel === "llm:reasoning") {
      stamped = { ...stamped, count: 1 };
      this.#reasoned += 1;
      this.#firstMs ??= stamp.ms;
    }
    this.events.push(stamped);
    if (!this.live) this.#plan.end(this, stamped);
    this.#plan.grow();
  }
}
