/** Answer: what came of a question, while it is written and afterwards; always the same node. */
import { memo, type ReactNode } from "react";
import { hasEnded } from "../llm/reduce";
import type { Run } from "../llm/run";
import { useRun } from "../llm/useRun";
import { strings } from "../strings";
import styles from "./Answer.module.css";
import { AnswerFooter, PartialFooter } from "./AnswerFooter";
import { AnswerText } from "./AnswerText";
import type { OldAnswer } from "./conversation";
import { Reasoning } from "./Reasoning";
import { Waiting } from "./Waiting";

/** Only this row renders while its run goes on. */
export const LiveAnswer = memo(function LiveAnswer({ run }: { readonly run: Run }) {
  const state = useRun(run);
  const ended = hasEnded(state);
  const { response, reasoning, notices, tools, status, finishReason } = state;
  const isSilent = response === "" && tools.length === 0;
  return (
    <Frame busy={!ended}>
      {notices.map(({ code, text }) => (
        <p key={code + text} className={styles.notice}>
          {text}
        </p>
      ))}
      <Reasoning state={state} live={!ended} />
      {response !== "" && <AnswerText text={response} live={!ended && status !== "stopping"} />}
      {tools.map(({ id, name, arguments: text }) => (
        <div key={id} className={styles.tool}>
          {strings.tool(name)}
          <code dir="ltr">{text}</code>
        </div>
      ))}
      {!ended && ((isSilent && reasoning === "") || status === "stopping") && (
        <Waiting state={state} />
      )}
      {isSilent && ended && status !== "error" && (
        <p className={styles.notice}>{strings.emptyReply(finishReason)}</p>
      )}
      {!(isSilent && status === "error") && <AnswerFooter state={state} />}
    </Frame>
  );
});

/** An answer out of the session's history. */
export const ReadAnswer = memo(function ReadAnswer({ answer }: { readonly answer: OldAnswer }) {
  return (
    <Frame busy={false}>
      <AnswerText text={answer.text} />
      {answer.partial && <PartialFooter />}
    </Frame>
  );
});

function Frame({ busy, children }: { readonly busy: boolean; readonly children: ReactNode }) {
  return (
    <article
      className={`message assistant ${styles.answer}`}
      aria-label={strings.assistant}
      aria-busy={busy}
    >
      {children}
    </article>
  );
}
