/** An answer that another window shares, shown live. */

import { type ReactNode, useMemo } from "react";
import { inertViewOf } from "../../conversations/message";
import { reasonOf, strings } from "../../i18n";
import type { Run } from "../../llm/run";
import { useRun } from "../../llm/useRun";
import { useRunStatus } from "../../llm/useRunStatus";
import buttons from "../../ui/buttons.module.css";
import { AssistantMessage } from "../transcript/AssistantMessage";
import { MessageTiming } from "../transcript/MessageTiming";
import { TranscriptFrame } from "../transcript/Transcript";
import { useStickToBottom } from "../transcript/useStickToBottom";
import { Header } from "./Header";
import styles from "./SharedAnswer.module.css";
import { StatusLine } from "./StatusLine";

export interface SharedAnswerProps {
  readonly run: Run;
  /** The message about the connection. */
  readonly notice: ReactNode;
}

export function SharedAnswer({ run, notice }: SharedAnswerProps) {
  const status = useRunStatus(run);
  const follow = useStickToBottom(true);
  const state = run.get();
  const { failure } = state;
  const reason = failure === null ? "" : reasonOf(failure);
  const isNotFound = status === "error" && state.next === 0;
  const isLive = status === "submitted" || status === "streaming";
  return (
    <main className={`chat-container ${styles.shared}`}>
      <Header />
      {notice}
      <TranscriptFrame follow={follow}>
        {!isNotFound && <LiveAnswer run={run} />}
        {status === "error" && (
          <p className="error bad" data-code={failure?.code}>
            {isNotFound ? strings.sharedGone : strings.error(reason)}
          </p>
        )}
      </TranscriptFrame>
      <footer className={styles.footer}>
        <span>{strings.shared}</span>
        <a href={window.location.pathname}>{strings.ownChat}</a>
        {isLive && (
          <button type="button" className={buttons.pill} onClick={() => void run.cancel()}>
            {strings.stop}
          </button>
        )}
      </footer>
      <StatusLine state={state} refused={null} />
    </main>
  );
}

/** The only component that renders while the run continues. */
function LiveAnswer({ run }: { readonly run: Run }) {
  const state = useRun(run);
  const [view] = useMemo(() => inertViewOf(state), [state]);
  return (
    <AssistantMessage view={view}>
      <MessageTiming view={view} />
    </AssistantMessage>
  );
}
