/** The text of a question or of reasoning, as it was written. */
import styles from "./PlainText.module.css";

export function PlainText({ text }: { readonly text: string }) {
  return (
    <div className={`message-text ${styles.text}`} dir="auto">
      {text}
    </div>
  );
}
