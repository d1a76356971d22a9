/** An answer, during and after streaming; always the same DOM node. */
import type { ReactNode } from "react";
import type { MessageView } from "../../conversations/message";
import { noticeOf, strings } from "../../i18n";
import { lazyPart } from "../../ui/lazyPart";
import styles from "./AssistantMessage.module.css";
import { MessageParts } from "./parts/MessageParts";
import { RunProgress } from "./RunProgress";

const StepLine = lazyPart(async () => (await import("./StepLine")).StepLine);

export interface AssistantMessageProps {
  readonly view: MessageView;
  /** Content below the parts. */
  readonly children?: ReactNode;
}

export function AssistantMessage({ view, children }: AssistantMessageProps) {
  const { parts, notices, status, live, finishReason, step } = view;
  const isSilent = parts.every(({ type }) => type === "reasoning");
  return (
    <article className="message assistant" aria-label={strings.assistant} aria-busy={live}>
      {notices.map((notice, place) => (
        // A continued answer can have the same notice twice; notices never move.
        // biome-ignore lint/suspicious/noArrayIndexKey: the position is the only identity
        <p key={place} className={styles.notice}>
          {noticeOf(notice)}
        </p>
      ))}
      <MessageParts parts={parts} isLive={live && status !== "stopping"} />
      {live && (parts.length === 0 || status === "stopping") && <RunProgress view={view} />}
      {live && step !== undefined && <StepLine {...step} />}
      {isSilent && !live && status !== "failed" && status !== "interrupted" && (
        <p className={styles.notice}>{strings.emptyReply(finishReason)}</p>
      )}
      {children}
    </article>
  );
}
