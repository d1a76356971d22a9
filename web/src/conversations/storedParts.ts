/** The parts of a message as the host keeps it. */
import type { AnswerPart, StoredMessage } from "../bridge/contract";
import { joinParts, type MessagePart } from "../llm/parts";

/** Made once for each message: what draws a part again and again must get the same object. */
const known = new WeakMap<StoredMessage, readonly MessagePart[]>();

export function partsOf(message: StoredMessage): readonly MessagePart[] {
  const made = known.get(message) ?? makeParts(message);
  known.set(message, made);
  return made;
}

/** What the model thought, what it said, and what it called, in this order. */
function makeParts({
  content,
  reasoning,
  detail,
  parts: inOrder,
}: StoredMessage): readonly MessagePart[] {
  if (inOrder.length > 0) return inOrder.map(asPart);
  const said = typeof content === "string" ? [{ type: "text", text: content } as const] : content;
  const parts: MessagePart[] = [
    { type: "reasoning", text: reasoning, ms: detail?.reasoningMs ?? null },
    ...said.map(
      (part): MessagePart => (part.type === "text" ? part : { type: "file", files: [part] }),
    ),
    ...(detail?.tools ?? []).map((call) => ({ type: "tool" as const, call: null, ...call })),
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
