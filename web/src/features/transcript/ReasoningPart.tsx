/** What the model thought before it answered, folded away. */
import type { MessageView } from "../../conversations/message";
import { strings } from "../../i18n";
import { TypingIndicator } from "../../ui/TypingIndicator";
import { PlainText } from "./PlainText";
import styles from "./ReasoningPart.module.css";

export function ReasoningPart({ view }: { readonly view: MessageView }) {
  const { reasoning, reasoningMs, live, text } = view;
  if (reasoning === "") return null;
  const isThinking = live && text === "";
  const title = reasoningMs === null ? strings.thoughts : strings.thoughtFor(reasoningMs);
  return (
    <details className={styles.reasoning}>
      <summary>
        {isThinking ? strings.thinking : title}
        {isThinking && <TypingIndicator />}
      </summary>
      <PlainText text={reasoning} />
    </details>
  );
}
