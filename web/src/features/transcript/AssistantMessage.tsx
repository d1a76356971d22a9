/** What came of a question, while it is written and afterwards; always the same node. */
import { memo, type ReactNode } from "react";
import type { MessageView } from "../../conversations/message";
import { noticeOf, strings } from "../../i18n";
import styles from "./AssistantMessage.module.css";
import { ReasoningPart } from "./ReasoningPart";
import { RunProgress } from "./RunProgress";
import { TextPart } from "./TextPart";

export interface AssistantMessageProps {
  readonly view: MessageView;
  /** What stands below the words. */
  readonly children?: ReactNode;
}

export const AssistantMessage = memo(function Answer({ view, children }: AssistantMessageProps) {
  const { text, reasoning, notices, tools, status, live, finishReason } = view;
  const isSilent = text === "" && tools.length === 0 && view.attachments.length === 0;
  return (
    <article
      className={`message assistant ${styles.answer}`}
      aria-label={strings.assistant}
      aria-busy={live}
    >
      {notices.map((notice, place) => (
        // A continued answer can have the same notice twice; none is ever moved.
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is the only identity
        <p key={place} className={styles.notice}>
          {noticeOf(notice)}
        </p>
      ))}
      <ReasoningPart view={view} />
      {text !== "" && <TextPart text={text} live={live && status !== "stopping"} />}
      {tools.map(({ id, name, arguments: given }) => (
        <div key={id} className={styles.tool}>
          {strings.tool(name)}
          <code dir="ltr">{given}</code>
        </div>
      ))}
      {live && ((isSilent && reasoning === "") || status === "stopping") && (
        <RunProgress view={view} />
      )}
      {isSilent && !live && status !== "failed" && status !== "interrupted" && (
        <p className={styles.notice}>{strings.emptyReply(finishReason)}</p>
      )}
      {children}
    </article>
  );
});
