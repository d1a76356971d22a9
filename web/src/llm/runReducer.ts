/**
 * A run's state, made from its events. Pure and total: any event in any order gives a state.
 *
 *     seq < next    a duplicate: dropped
 *     seq = next    applied by the table below, then the held events that follow it
 *     seq > next    an event is missing: held until it arrives or the run is attached again
 *     after an end  dropped
 */
import type {
  AnyEvent,
  BudgetPause,
  DoneEvent,
  EndReason,
  ErrorCode,
  ErrorEvent,
  Failure,
  Notice,
  StepEvent,
  ThinkingEvent,
  Timing,
  ToolCall,
  Usage,
} from "../bridge/contract";
import type { Channel, EventOf } from "../bridge/eventRouter";
import { HostError } from "../bridge/hostError";
import { joinParts, type LiveCall, type MessagePart } from "./parts";

export type RunStatus = "submitted" | "streaming" | "stopping" | "done" | "cancelled" | "error";

/** Why a run failed. Reading the run throws it. */
export class RunFailure extends HostError {
  /** Whether a part of the answer came before it. */
  readonly partial: boolean;

  constructor(failure: Failure, partial: boolean) {
    super(failure);
    this.partial = partial;
  }
}

export interface RunState {
  readonly inferenceId: string;
  readonly status: RunStatus;
  /** The model's output, in the order of the events. */
  readonly parts: readonly MessagePart[];
  /** The text of all text parts. */
  readonly response: string;
  /** The text of all reasoning parts. */
  readonly reasoning: string;
  /** The time of all reasoning parts, each until the next part begins; null without any. */
  readonly reasoningMs: number | null;
  /** The host's activity while there is no text yet. */
  readonly thinking:
    | (Readonly<Pick<ThinkingEvent, "status" | "activity">> & { readonly progress: number | null })
    | null;
  readonly retrying: {
    readonly attempt: number;
    readonly delayMs: number;
    readonly code: ErrorCode;
  } | null;
  readonly notices: readonly Notice[];
  /** The step of a run with tools, and what it has cost so far. */
  readonly step?: Pick<StepEvent, "step" | "maxSteps" | "cost" | "budget">;
  /** The budget at which the run has stopped. */
  readonly budget?: BudgetPause | undefined;
  /** The tool parts. */
  readonly tools: readonly ToolCall[];
  readonly usage: Usage | null;
  readonly timing: Timing | null;
  readonly finishReason: EndReason | null;
  readonly failure: RunFailure | null;
  /** The next expected `seq`; 0 before the first event. */
  readonly next: number;
  /** Events that arrived too early, by `seq`. */
  readonly held: readonly AnyEvent[];
  /** The time up to which the last reasoning part has been counted. */
  readonly reasoningUntilMs: number;
}

/** More events are dropped: attaching again brings them anyway. */
const MAX_HELD = 256;

export function beginRun(inferenceId: string): RunState {
  return {
    inferenceId,
    status: "submitted",
    parts: [],
    response: "",
    reasoning: "",
    reasoningMs: null,
    thinking: null,
    retrying: null,
    notices: [],
    tools: [],
    usage: null,
    timing: null,
    finishReason: null,
    failure: null,
    next: 0,
    held: [],
    reasoningUntilMs: 0,
  };
}

export function reduce(state: RunState, input: AnyEvent | readonly AnyEvent[]): RunState {
  const events: readonly AnyEvent[] = "channel" in input ? [input] : input;
  let current = state;
  for (const event of events) current = applyInOrder(current, event);
  return current;
}

export function hasEnded({ status }: RunState): boolean {
  return status === "done" || status === "cancelled" || status === "error";
}

/** Whether an event is missing that later ones have followed. */
export function hasGap(state: RunState): boolean {
  return state.held.length > 0 && !hasEnded(state);
}

/** Marks that the end was requested; the host has yet to confirm it. */
export function markStopping(state: RunState): RunState {
  return hasEnded(state) ? state : { ...state, status: "stopping" };
}

/** The request to stop did not reach the host: the run continues. */
export function continueRun(state: RunState): RunState {
  if (state.status !== "stopping") return state;
  return { ...state, status: state.parts.length > 0 ? "streaming" : "submitted" };
}

/** Ends a run that was refused, or that the host no longer has. */
export function refuse(state: RunState, failure: Failure): RunState {
  return hasEnded(state) ? state : fail(state, failure);
}

/** Ends a run that was stopped before it was requested. */
export function cancelUnsent(state: RunState): RunState {
  return hasEnded(state) ? state : { ...state, status: "cancelled" };
}

type Table = { readonly [C in Channel]: (state: RunState, event: EventOf<C>) => RunState };

const table: Table = {
  "llm:thinking": (state, { status, progress, activity }) => ({
    ...state,
    thinking: { status, progress: progress ?? null, ...(activity && { activity }) },
    retrying: null,
  }),
  "llm:reasoning": (state, { text, ms }) =>
    text === "" ? markOutput(state) : addReasoning(state, text, ms),
  "llm:token": (state, { token, ms }) => {
    if (token === "") return markOutput(state);
    const current = endReasoning(state, ms);
    return {
      ...current,
      response: state.response + token,
      parts: joinParts(current.parts, [{ type: "text", text: token }]),
    };
  },
  "llm:tool": (state, { id, name, argumentsDelta, ms }) => {
    const current = endReasoning(state, ms);
    const parts = addToCall(current.parts, id, name, argumentsDelta);
    return { ...current, parts, tools: parts.filter((part) => part.type === "tool") };
  },
  "llm:step": (state, step) => ({ ...clearActivity(state), step }),
  "llm:call": (state, event) => withCall(state, { type: "call", ...withoutStamp(event) }),
  "llm:approval": (state, { state: stage, ...event }) =>
    withCall(
      state,
      stage === "asked"
        ? withoutStamp(event)
        : {
            nonce: undefined,
            ...withoutStamp(event),
            state: event.verdict === "deny" ? "denied" : event.edited ? "edited" : "approved",
          },
    ),
  "llm:elicitation": (state, event) =>
    withCall(state, { callId: event.callId, elicitation: event }),
  "llm:result": (state, { text: result, ...event }) =>
    withCall(state, { result, ...withoutStamp(event) }),
  "llm:retrying": (state, event) => ({ ...state, retrying: withoutStamp(event) }),
  "llm:notice": (state, event) => ({ ...state, notices: [...state.notices, withoutStamp(event)] }),
  "llm:done": (state, event: DoneEvent) => ({
    ...clearActivity(endReasoning(state, event.ms)),
    status: event.cancelled ? "cancelled" : "done",
    usage: event.usage,
    timing: event.timing,
    finishReason: event.finishReason ?? null,
    budget: event.budget,
  }),
  "llm:error": (state, event: ErrorEvent) =>
    fail(endReasoning(state, event.ms), {
      ...event,
      message: event.error,
      issues: null,
      details: null,
    }),
};

function applyInOrder(state: RunState, event: AnyEvent): RunState {
  if (hasEnded(state) || event.inferenceId !== state.inferenceId || event.seq < state.next) {
    return state;
  }
  if (event.seq > state.next) return hold(state, event);
  let current = apply(state, event);
  while (current.held.length > 0 && !hasEnded(current)) {
    const [first, ...rest] = current.held;
    if (first === undefined || first.seq > current.next) break;
    const isNext = first.seq === current.next;
    current = { ...current, held: rest };
    if (isNext) current = apply(current, first);
  }
  return hasEnded(current) && current.held.length > 0 ? { ...current, held: [] } : current;
}

function apply(state: RunState, event: AnyEvent): RunState {
  const row = table[event.channel] as (state: RunState, event: AnyEvent) => RunState;
  const count = "count" in event ? Math.max(1, event.count) : 1;
  return { ...row(state, event), next: state.next + count };
}

function hold(state: RunState, event: AnyEvent): RunState {
  const { held } = state;
  const place = held.findIndex((other) => other.seq >= event.seq);
  if (held[place]?.seq === event.seq || held.length >= MAX_HELD) return state;
  const index = place === -1 ? held.length : place;
  return { ...state, held: [...held.slice(0, index), event, ...held.slice(index)] };
}

/** The model produces output, which clears the activity shown while waiting. */
function markOutput(state: RunState): RunState {
  const status = state.status === "submitted" ? "streaming" : state.status;
  if (status === state.status && state.thinking === null && state.retrying === null) return state;
  return { ...clearActivity(state), status };
}

function clearActivity(state: RunState): RunState {
  return { ...state, thinking: null, retrying: null };
}

function fail(state: RunState, failure: Failure): RunState {
  return {
    ...clearActivity(state),
    status: "error",
    held: [],
    failure: new RunFailure(failure, state.response !== ""),
  };
}

/** Adds to the open reasoning part or begins one, and counts its time up to `ms`. */
function addReasoning(state: RunState, text: string, ms: number): RunState {
  const spent = isReasoning(state) ? Math.max(0, ms - state.reasoningUntilMs) : 0;
  return {
    ...markOutput(state),
    reasoning: state.reasoning + text,
    reasoningMs: (state.reasoningMs ?? 0) + spent,
    reasoningUntilMs: ms,
    parts: joinParts(state.parts, [{ type: "reasoning", text, ms: spent }]),
  };
}

/** Another part begins or the run ends, which ends the time of the reasoning before it. */
function endReasoning(state: RunState, ms: number): RunState {
  return isReasoning(state) ? addReasoning(state, "", ms) : markOutput(state);
}

function isReasoning({ parts }: RunState): boolean {
  return parts.at(-1)?.type === "reasoning";
}

function addToCall(
  parts: readonly MessagePart[],
  id: string,
  name: string,
  delta: string,
): readonly MessagePart[] {
  const place = parts.findIndex((part) => part.type === "tool" && part.id === id);
  const known = parts[place];
  if (known?.type !== "tool") {
    return [...parts, { type: "tool", id, name, arguments: delta }];
  }
  return parts.with(place, { ...known, arguments: known.arguments + delta });
}

type Stamp = Pick<AnyEvent, "inferenceId" | "sessionId" | "seq" | "ms"> & { channel?: string };

type CallChange = { [K in keyof LiveCall]?: LiveCall[K] | undefined } & { callId: string };

/** Changes the data of a call. A call made in an earlier run is new to this run. */
function withCall(state: RunState, change: CallChange): RunState {
  const parts = addToCall(state.parts, change.callId, "", "").map((part) =>
    part.type === "tool" && part.id === change.callId
      ? { ...part, call: { ...part.call, ...change } as LiveCall }
      : part,
  );
  return { ...clearActivity(state), parts, tools: parts.filter((part) => part.type === "tool") };
}

/** An event without the fields that place it in its run. */
function withoutStamp<E extends Stamp>({ inferenceId, sessionId, seq, ms, channel, ...rest }: E) {
  return rest;
}
