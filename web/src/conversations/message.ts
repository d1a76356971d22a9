/** One row of a conversation: its stored message, and the run that is writing it. */
import type {
  Attachment,
  Compaction,
  Failure,
  MessageTemplate,
  StoredMessage,
  Usage,
} from "../bridge/contract";
import type { ReadonlyStore } from "../lib/store";
import type { MessagePart } from "../llm/parts";
import type { Run } from "../llm/run";
import { hasEnded, type RunState } from "../llm/runReducer";
import { continueParts, partsOf } from "./storedParts";

export interface MessageState {
  /** During a run: the message's content before the run began. */
  readonly message: StoredMessage;
  readonly run: Run | null;
}

export type MessageStatus = StoredMessage["status"] | "submitted" | "stopping";

export interface MessageFailure extends Failure {
  /** When the provider accepts another request, in milliseconds since the epoch. */
  readonly retryAt?: number | null;
}

/** The content and state of a message, from the store or from a run. */
export interface MessageView
  extends Pick<RunState, "parts" | "reasoning" | "reasoningMs" | "tools" | "notices">,
    Pick<RunState, "thinking" | "retrying" | "step" | "budget" | "finishReason" | "timing">,
    Pick<StoredMessage, "id" | "role" | "providerId" | "modelId"> {
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** Whether a server wrote some of the text. */
  readonly untrusted: boolean;
  readonly status: MessageStatus;
  /** More content will follow. */
  readonly live: boolean;
  /** Of the last run; earlier runs are in `earlier`. */
  readonly usage: Usage | null;
  readonly earlier: readonly Usage[];
  readonly failure: MessageFailure | null;
  /** The run that has written it last. */
  readonly inferenceId: string | null;
  /** The runs that have written it before, in order. */
  readonly runs: readonly string[];
  /** In milliseconds since the epoch; null if only the run is known. */
  readonly createdAt: number | null;
  /** All versions of this message, oldest first. */
  readonly siblings: readonly string[];
  /** The template that made it. */
  readonly template?: MessageTemplate | undefined;
  /** The summary of this message and all before it. */
  readonly compaction?: Compaction | undefined;
}

export type MessageStore = ReadonlyStore<MessageState>;

const EMPTY: readonly never[] = [];

export function viewOf({ message, run }: MessageState): MessageView {
  const stored = storedView(message);
  return run === null ? stored : withRun(stored, run.get());
}

/** The view of a run that belongs to no stored message. */
export function viewOfRun(run: Pick<Run, "id" | "get">): MessageView {
  return { ...withRun(storedView(blank(run.id, "assistant", "")), run.get()), createdAt: null };
}

/** The view of a run without the parts that need the host: files, and forms of servers. */
export function inertViewOf(run: RunState): [view: MessageView, hasFiles: boolean] {
  const view = viewOfRun({ id: run.inferenceId, get: () => run });
  let hasFiles = false;
  const parts = view.parts.flatMap((part): MessagePart[] => {
    if (part.type === "file") {
      hasFiles = true;
      return [];
    }
    if (part.type !== "tool" || part.call === undefined) return [part];
    const { elicitation, parts: files, ...call } = part.call;
    hasFiles ||= files !== undefined;
    // The same object, so that an unchanged part does not render again.
    return elicitation === undefined && files === undefined ? [part] : [{ ...part, call }];
  });
  return [{ ...view, parts }, hasFiles];
}

/** The answer at the start of its next run: its content stays, its ending is cleared. */
export function answerSoFar(state: MessageState): StoredMessage {
  const { text, reasoning, reasoningMs, tools, notices, usage, earlier, runs, inferenceId } =
    viewOf(state);
  const detail = {
    tools: [...tools],
    notices: [...notices],
    reasoningMs,
    earlier: usage === null ? [...earlier] : [...earlier, usage],
    runs: inferenceId === null ? [...runs] : [...runs, inferenceId],
    finishReason: null,
    usage: null,
    timing: null,
    failure: null,
  };
  return { ...state.message, content: text, reasoning, detail };
}

/** A message that has no id from the host yet. */
export function blank(id: string, role: StoredMessage["role"], content: string): StoredMessage {
  return {
    id,
    parentId: null,
    role,
    content,
    reasoning: "",
    status: "complete",
    providerId: null,
    modelId: null,
    inferenceId: null,
    createdAt: Date.now(),
    siblings: [id],
    detail: null,
    parts: [],
  };
}

export function textOf(content: StoredMessage["content"]): string {
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function storedView(message: StoredMessage): MessageView {
  const { id, role, content, detail, siblings, providerId, modelId, inferenceId, createdAt } =
    message;
  const failure = detail?.failure ?? null;
  // Field by field: it is made for every frame of an answer, and a copy of the message takes longer.
  return {
    id,
    role,
    parts: partsOf(message),
    text: textOf(content),
    attachments:
      typeof content === "string" ? EMPTY : content.filter((part) => part.type === "attachment"),
    untrusted:
      typeof content !== "string" &&
      content.some((part) => part.type === "text" && part.untrusted === true),
    reasoning: message.reasoning,
    reasoningMs: detail?.reasoningMs ?? null,
    // No run here writes it, so a stored state of streaming means that it was interrupted.
    status: message.status === "streaming" ? "interrupted" : message.status,
    live: false,
    thinking: null,
    retrying: null,
    budget: detail?.budget,
    notices: detail?.notices ?? EMPTY,
    tools: detail?.tools ?? EMPTY,
    usage: detail?.usage ?? null,
    earlier: detail?.earlier ?? EMPTY,
    runs: detail?.runs ?? EMPTY,
    timing: detail?.timing ?? null,
    finishReason: detail?.finishReason ?? null,
    failure: failure && { ...failure, retryAfterMs: null, issues: null, details: null },
    providerId,
    modelId,
    inferenceId,
    createdAt,
    siblings,
    template: message.template,
    compaction: message.compaction ?? undefined,
  };
}

function withRun(stored: MessageView, state: RunState): MessageView {
  return {
    ...stored,
    parts: continueParts(stored.parts, state.parts),
    text: stored.text + state.response,
    reasoning: stored.reasoning + state.reasoning,
    reasoningMs:
      state.reasoningMs === null
        ? stored.reasoningMs
        : (stored.reasoningMs ?? 0) + state.reasoningMs,
    status: statusOf(state),
    live: !hasEnded(state),
    thinking: state.thinking,
    retrying: state.retrying,
    ...(state.step && { step: state.step }),
    budget: state.budget,
    notices: concat(stored.notices, state.notices),
    tools: concat(stored.tools, state.tools),
    usage: state.usage,
    timing: state.timing,
    finishReason: state.finishReason,
    failure: state.failure,
  };
}

/** Returns `now` itself if there is nothing before it, so that components do not render again. */
function concat<T>(before: readonly T[], now: readonly T[]): readonly T[] {
  return before.length === 0 ? now : [...before, ...now];
}

function statusOf({ status, failure }: RunState): MessageStatus {
  switch (status) {
    case "done":
      return "complete";
    case "error":
      return failure?.code === "ABORTED" ? "interrupted" : "failed";
    default:
      return status;
  }
}
