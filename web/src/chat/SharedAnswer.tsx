/** SharedAnswer: an answer that another window shares, as it is written there. */

import type { ReactNode } from "react";
import type { Run } from "../llm/run";
import { useRunStatus } from "../llm/useRunStatus";
import { strings } from "../strings";
import { Header } from "./Header";
import styles from "./SharedAnswer.module.css";
import { StatusLine } from "./StatusLine";
import { Transcript } from "./Transcript";
import { useFollow } from "./useFollow";

export interface SharedAnswerProps {
  readonly run: Run;
  /** What the page has to say about its connection. */
  readonly notice: ReactNode;
}

export function SharedAnswer({ run, notice }: SharedAnswerProps) {
  const status = useRunStatus(run);
  const follow = useFollow(true);
  const state = run.get();
  const isGone = status === "error" && state.next === 0;
  const isLive = status === "submitted" || status === "streaming";
  return (
    <main className={`chat-container ${styles.shared}`}>
      <Header onNewChat={null} />
      {notice}
      <Transcript
        turns={isGone ? [] : [{ id: run.id, question: "", run, answer: null }]}
        follow={follow}
      >
        {status === "error" && (
          <p className={`error ${styles.error}`} data-code={state.failure?.code}>
            {isGone ? strings.sharedGone : strings.error(state.failure?.error ?? "")}
          </p>
        )}
      </Transcript>
      <footer className={styles.footer}>
        <span>{strings.shared}</span>
        <a href={window.location.pathname}>{strings.ownChat}</a>
        {isLive && (
          <button type="button" onClick={() => void run.cancel()}>
            {strings.stop}
          </button>
        )}
      </footer>
      <StatusLine state={state} refused={null} />
    </main>
  );
}
