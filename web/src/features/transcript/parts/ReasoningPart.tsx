/** What the model thought, folded away. */
import { memo } from "react";
import { strings } from "../../../i18n";
import { TypingIndicator } from "../../../ui/TypingIndicator";
import { PlainText } from "../PlainText";
import type { PartProps } from "./partProps";
import styles from "./ReasoningPart.module.css";

export const ReasoningPart = memo(function ReasoningPart(props: PartProps<"reasoning">) {
  const { part, isOpen } = props;
  const title = part.ms === null ? strings.thoughts : strings.thoughtFor(part.ms);
  return (
    <details className={styles.reasoning}>
      <summary>
        {isOpen ? strings.thinking : title}
        {isOpen && <TypingIndicator />}
      </summary>
      <PlainText text={part.text} />
    </details>
  );
});
