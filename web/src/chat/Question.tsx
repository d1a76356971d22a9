/** Question: what the person wrote. */
import { memo, type ReactNode } from "react";
import type { MessageView } from "../conversations/message";
import { strings } from "../strings";
import { MessageText } from "./MessageText";
import styles from "./Question.module.css";

export interface QuestionProps {
  readonly view: MessageView;
  /** What stands below the words. */
  readonly children?: ReactNode;
}

export const Question = memo(function Question({ view, children }: QuestionProps) {
  return (
    <div className={styles.place}>
      <article className={`message user ${styles.question}`} aria-label={strings.you}>
        <MessageText text={view.text} />
        {view.attachments.map(({ hash, kind, name }) => (
          <span key={hash} className={styles.attachment}>
            {name ?? strings.attachment(kind)}
          </span>
        ))}
      </article>
      {children}
    </div>
  );
});
