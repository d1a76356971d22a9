/** The model's reasoning, collapsed. */
import { memo } from "react";
import { strings } from "../../../i18n";
import { ThoughtIcon } from "../../../ui/icons";
import { PlainText } from "../PlainText";
import type { PartProps } from "./partProps";
import { SideNote } from "./SideNote";

export const ReasoningPart = memo(function ReasoningPart(props: PartProps<"reasoning">) {
  const { part, isOpen } = props;
  const title = part.ms === null ? strings.thoughts : strings.thoughtFor(part.ms);
  return (
    <SideNote icon={<ThoughtIcon />} title={isOpen ? strings.thinking : title} isLive={isOpen}>
      <PlainText text={part.text} />
    </SideNote>
  );
});
