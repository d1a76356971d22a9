/** AnswerFooter: how an answer ended, how long it took and how fast it came. */
import { speedOf } from "../llm/inference";
import { hasEnded, type RunState } from "../llm/reduce";
import { finishFor, strings } from "../strings";
import styles from "./AnswerFooter.module.css";

export function AnswerFooter({ state }: { readonly state: RunState }) {
  if (!hasEnded(state)) return null;
  const { usage, timing } = state;
  const speed = speedOf(state);
  const ending = endingOf(state);
  const facts = [
    speed === null ? null : strings.speed(speed),
    timing === null ? null : strings.duration(timing.totalMs),
    usage === null || usage.outputTokens === 0
      ? null
      : strings.tokens(usage.outputTokens, usage.estimated),
  ].filter((fact) => fact !== null);
  if (ending === null && facts.length === 0) return null;
  return (
    <p className={styles.footer}>
      {ending !== null && <span className={styles.ending}>{ending}</span>}
      {facts.map((fact) => (
        <span key={fact}>{fact}</span>
      ))}
    </p>
  );
}

export function PartialFooter() {
  return (
    <p className={styles.footer}>
      <span className={styles.ending}>{strings.interrupted}</span>
    </p>
  );
}

function endingOf({ status, finishReason }: RunState): string | null {
  if (status === "error") return strings.interrupted;
  return status === "cancelled" ? strings.stopped : finishFor(finishReason);
}
