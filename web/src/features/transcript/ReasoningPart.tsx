/** Reasoning: what the model thought before it answered, folded away. */
import type { MessageView } from "../../conversations/message";
import { strings } from "../../i18n";
import { Dots } from "../../ui/TypingIndicator";
import { MessageText } from "./PlainText";
import styles from "./ReasoningPart.module.css";

export function Reasoning({ view }: { readonly view: MessageView }) {
  const { reasoning, reasoningMs, live, text } = view;
  if (reasoning === "") return null;
  const isThinking = live && text === "";
  const title = reasoningMs === null ? strings.thoughts : strings.thoughtFor(reasoningMs);
  return (
    <details className={styles.reasoning}>
      <summary>
        {isThinking ? strings.thinking : title}
        {isThinking && <Dots />}
      </summary>
      <MessageText text={reasoning} />
    </details>
  );
}
