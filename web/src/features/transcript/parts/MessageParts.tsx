/** Renders the parts of an answer, each by the component for its type. */
import type { ComponentType } from "react";
import { strings } from "../../../i18n";
import type { MessagePart, PartType } from "../../../llm/parts";
import { FilePart } from "./FilePart";
import type { PartProps } from "./partProps";
import { ReasoningPart } from "./ReasoningPart";
import { TextPart } from "./TextPart";
import { ToolPart } from "./ToolPart";
import styles from "./ToolPart.module.css";

/** Add the component of a new part type here; a tool with a card of its own is in `features/tools/CallCard`. */
const COMPONENTS: { readonly [T in PartType]: ComponentType<PartProps<T>> } = {
  text: TextPart,
  reasoning: ReasoningPart,
  tool: ToolPart,
  file: FilePart,
};

export interface MessagePartsProps {
  readonly parts: readonly MessagePart[];
  /** More content will follow. */
  readonly isLive: boolean;
}

export function MessageParts({ parts, isLive }: MessagePartsProps) {
  return batchesOf(parts).map(({ first, batch }) => {
    const rendered = batch.map((part, offset) => {
      // The type of a part chooses the component that takes such a part.
      const Part = COMPONENTS[part.type] as ComponentType<PartProps<PartType>>;
      const place = first + offset;
      return <Part key={place} part={part} isOpen={isLive && place === parts.length - 1} />;
    });
    if (batch[0]?.type !== "tool") return rendered;
    const label = { role: "group", "aria-label": strings.tools.calls(batch.length) };
    return (
      <div key={first} className={styles.batch} {...(batch.length > 1 && label)}>
        {rendered}
      </div>
    );
  });
}

interface Batch {
  readonly first: number;
  readonly batch: MessagePart[];
}

/** Groups the calls of one model step; every other part is a group of its own. */
function batchesOf(parts: readonly MessagePart[]): readonly Batch[] {
  const batches: Batch[] = [];
  for (const [first, part] of parts.entries()) {
    const last = batches.at(-1)?.batch;
    if (last !== undefined && areOneStep(last.at(-1), part)) last.push(part);
    else batches.push({ first, batch: [part] });
  }
  return batches;
}

/** A call whose step is not known yet belongs to the step of the previous call. */
function areOneStep(one: MessagePart | undefined, other: MessagePart): boolean {
  if (one?.type !== "tool" || other.type !== "tool") return false;
  return !one.call || !other.call || one.call.step === other.call.step;
}
