/** The parts of a stored message. */
import type { AnswerPart, StoredMessage } from "../bridge/contract";
import { joinParts, type MessagePart } from "../llm/parts";

/** Cached per message: components that render a part repeatedly must get the same object. */
const known = new WeakMap<StoredMessage, readonly MessagePart[]>();

export function partsOf(message: StoredMessage): readonly MessagePart[] {
  const parts = known.get(message) ?? makeParts(message);
  known.set(message, parts);
  return parts;
}

/** Reasoning, text and tool calls of the message, in this order. */
function makeParts({
  content,
  reasoning,
  detail,
  parts: inOrder,
}: StoredMessage): readonly MessagePart[] {
  if (inOrder.length > 0) return inOrder.map(asPart);
  const pieces = typeof content === "string" ? [{ type: "text", text: content } as const] : content;
  const parts: MessagePart[] = [
    { type: "reasoning", text: reasoning, ms: detail?.reasoningMs ?? null },
    ...pieces.map(
      (part): MessagePart => (part.type === "text" ? part : { type: "file", files: [part] }),
    ),
    ...(detail?.tools ?? []).map((call) => ({ type: "tool" as const, ...call })),
  ];
  return parts
    .filter((part) => !("text" in part) || part.text !== "")
    .reduce<readonly MessagePart[]>((joined, part) => joinParts(joined, [part]), []);
}

function asPart(part: AnswerPart): MessagePart {
  switch (part.type) {
    case "text":
      return part;
    case "reasoning":
      return { ...part, ms: null };
    case "call":
      return {
        type: "tool",
        id: part.callId,
        name: part.tool,
        arguments: JSON.stringify(part.arguments),
        call: part,
      };
  }
}

/** The stored parts of a continued answer plus those of its run. The run continues open calls. */
export function continueParts(
  before: readonly MessagePart[],
  after: readonly MessagePart[],
): readonly MessagePart[] {
  const now = new Map(after.flatMap((part) => (part.type === "tool" ? [[part.id, part]] : [])));
  const isKnown = (part: MessagePart) => part.type === "tool" && now.has(part.id);
  const known = before.filter(isKnown).map((part) => "id" in part && part.id);
  return joinParts(
    before.map((part) => (part.type === "tool" && now.get(part.id)) || part),
    after.filter((part) => part.type !== "tool" || !known.includes(part.id)),
  );
}
