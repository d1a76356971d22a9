/** Draws the parts of an answer, each by the component for its type. */
import type { ComponentType } from "react";
import type { MessagePart, PartType } from "../../../llm/parts";
import { FilePart } from "./FilePart";
import type { PartProps } from "./partProps";
import { ReasoningPart } from "./ReasoningPart";
import { TextPart } from "./TextPart";
import { ToolPart } from "./ToolPart";

/** A tool that is shown in a way of its own, or a new type of part, gets its component here. */
const COMPONENTS: { readonly [T in PartType]: ComponentType<PartProps<T>> } = {
  text: TextPart,
  reasoning: ReasoningPart,
  tool: ToolPart,
  file: FilePart,
};

export interface MessagePartsProps {
  readonly parts: readonly MessagePart[];
  /** More is on its way. */
  readonly isLive: boolean;
}

export function MessageParts({ parts, isLive }: MessagePartsProps) {
  return parts.map((part, place) => {
    // The type of a part chooses the component that takes such a part.
    const Part = COMPONENTS[part.type] as ComponentType<PartProps<PartType>>;
    const isOpen = isLive && place === parts.length - 1;
    // biome-ignore lint/suspicious/noArrayIndexKey: parts are only ever added at the end
    return <Part key={place} part={part} isOpen={isOpen} />;
  });
}
