/** A message of the user. */
import type { ReactNode } from "react";
import type { MessageView } from "../../conversations/message";
import { strings } from "../../i18n";
import { MessageAttachments } from "../attachments/MessageAttachments";
import { PlainText } from "./PlainText";
import styles from "./UserMessage.module.css";

export interface UserMessageProps {
  readonly view: MessageView;
  /** Content below the text. */
  readonly children?: ReactNode;
}

export function UserMessage({ view, children }: UserMessageProps) {
  return (
    <div className={styles.place}>
      <article className={`message user ${styles.question}`} aria-label={strings.you}>
        <MessageAttachments attachments={view.attachments} />
        {view.text !== "" && (
          <div className={styles.bubble}>
            <PlainText text={view.text} />
          </div>
        )}
      </article>
      {children}
    </div>
  );
}
