/** Transcript: the turns of a conversation, from the first to the one that is being written. */
import { memo, type ReactNode } from "react";
import { strings } from "../strings";
import { LiveAnswer, ReadAnswer } from "./Answer";
import type { Turn } from "./conversation";
import { DownIcon } from "./icons";
import { Question } from "./Question";
import styles from "./Transcript.module.css";
import type { Follow } from "./useFollow";

export interface TranscriptProps {
  readonly turns: readonly Turn[];
  readonly follow: Follow;
  /** What stands after the last turn, or in place of all of them. */
  readonly children?: ReactNode;
}

export function Transcript({ turns, follow, children }: TranscriptProps) {
  return (
    <div className={styles.place}>
      {/* Words that stream in are not read out one by one: the status line says what happens. */}
      <div
        ref={follow.frame}
        className={`messages ${styles.frame}`}
        role="log"
        aria-live="off"
        aria-label={strings.conversation}
        // A place that scrolls must be reached by the keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        tabIndex={0}
      >
        <div ref={follow.content} className={styles.column}>
          {turns.map((turn) => (
            <TurnRow key={turn.id} turn={turn} />
          ))}
          {children}
        </div>
      </div>
      {!follow.isFollowing && (
        <button type="button" className={styles.jump} onClick={follow.jumpToEnd}>
          <DownIcon />
          {strings.jumpToEnd}
        </button>
      )}
    </div>
  );
}

const TurnRow = memo(function TurnRow({ turn }: { readonly turn: Turn }) {
  return (
    <>
      {turn.question !== "" && <Question text={turn.question} />}
      {turn.run !== null && <LiveAnswer run={turn.run} />}
      {turn.answer !== null && <ReadAnswer answer={turn.answer} />}
    </>
  );
});
