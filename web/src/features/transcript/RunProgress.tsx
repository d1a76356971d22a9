/** One line of progress while the answer has no text yet. */
import { useEffect, useState } from "react";
import type { MessageView } from "../../conversations/message";
import { activityOf, strings, whyOf } from "../../i18n";
import { Wave } from "../../ui/Wave";
import styles from "./RunProgress.module.css";

export function RunProgress({ view }: { readonly view: MessageView }) {
  const { status, retrying, thinking } = view;
  if (status === "stopping") return <Line text={strings.stopping} />;
  // Every attempt has its own line, whose countdown starts when it is announced.
  if (retrying !== null) return <Retrying key={retrying.attempt} {...retrying} />;
  const text = thinking === null ? strings.waiting : activityOf(thinking.status, thinking.activity);
  return <Line text={text} progress={thinking?.progress ?? null} />;
}

function Retrying({ attempt, delayMs, code }: NonNullable<MessageView["retrying"]>) {
  const [isDue, setIsDue] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsDue(true), delayMs);
    return () => clearTimeout(timer);
  }, [delayMs]);
  const why = whyOf(code);
  return (
    <Line
      text={isDue ? strings.tryingAgain(attempt, why) : strings.retrying(attempt, delayMs, why)}
    />
  );
}

interface LineProps {
  readonly text: string;
  readonly progress?: number | null;
}

function Line({ text, progress = null }: LineProps) {
  return (
    <p className="row muted">
      <Wave />
      <span>
        {text}
        {progress !== null && (
          <progress className={styles.progress} value={progress} aria-label={text} />
        )}
      </span>
    </p>
  );
}
