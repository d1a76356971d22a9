/** MessageText: the words of one message. */
import styles from "./MessageText.module.css";

export interface MessageTextProps {
  readonly text: string;
  /** More is on its way. */
  readonly live?: boolean;
}

export function MessageText({ text, live = false }: MessageTextProps) {
  return (
    <div className={`message-text ${styles.text} ${live ? styles.live : ""}`} dir="auto">
      {text}
    </div>
  );
}
