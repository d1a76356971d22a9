/** An answer as a list of parts, in the order in which the model produced them. */
import type { AnswerCall, Attachment, ElicitationEvent, ToolCall } from "../bridge/contract";

/** A call while its run goes on: its server may ask the person something. */
export interface LiveCall extends AnswerCall {
  /** The last event of that kind. Without a question in it, nothing is open any more. */
  readonly elicitation?: ElicitationEvent;
}

interface Fields {
  readonly text: { readonly text: string };
  /** `ms`: how long it took; null if it was not measured. */
  readonly reasoning: { readonly text: string; readonly ms: number | null };
  /** `arguments` grows while the model writes them. Without tools there is no `call`. */
  readonly tool: ToolCall & { readonly call?: LiveCall };
  /** Adjacent files are one part, so that their pictures form one gallery. */
  readonly file: { readonly files: readonly Attachment[] };
}

/** A part only grows at its end; an unchanged part stays the same object. */
export type MessagePart = {
  readonly [T in keyof Fields]: Readonly<{ type: T } & Fields[T]>;
}[keyof Fields];

export type PartType = MessagePart["type"];
export type PartOf<T extends PartType> = Extract<MessagePart, { type: T }>;

/** Concatenates both lists and joins the parts at the seam if possible. */
export function joinParts(
  before: readonly MessagePart[],
  after: readonly MessagePart[],
): readonly MessagePart[] {
  const [first, ...rest] = after;
  const last = before.at(-1);
  if (first === undefined) return before;
  if (last === undefined) return after;
  const joined = join(last, first);
  return joined === null ? [...before, ...after] : [...before.slice(0, -1), joined, ...rest];
}

function join(last: MessagePart, next: MessagePart): MessagePart | null {
  if (last.type === "text" && next.type === "text") {
    return { type: "text", text: last.text + next.text };
  }
  if (last.type === "reasoning" && next.type === "reasoning") {
    const ms = last.ms === null ? next.ms : last.ms + (next.ms ?? 0);
    return { type: "reasoning", text: last.text + next.text, ms };
  }
  if (last.type === "file" && next.type === "file") {
    return { type: "file", files: [...last.files, ...next.files] };
  }
  return null;
}
