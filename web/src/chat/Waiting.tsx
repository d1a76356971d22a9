/** Waiting: one line that says what is going on while there is nothing to read. */
import type { RunState } from "../llm/reduce";
import { hintFor, strings } from "../strings";
import { Dots } from "./Dots";
import styles from "./Waiting.module.css";

export function Waiting({ state }: { readonly state: RunState }) {
  const text = describe(state);
  return (
    <p className={styles.waiting}>
      <Dots />
      {text}
      {state.thinking?.progress != null && (
        <progress className={styles.progress} value={state.thinking.progress} aria-label={text} />
      )}
    </p>
  );
}

function describe({ status, retrying, thinking }: RunState): string {
  if (status === "stopping") return strings.stopping;
  if (retrying !== null) {
    const why = hintFor(retrying.code) ?? retrying.code;
    return strings.retrying(retrying.attempt, retrying.delayMs, why);
  }
  return thinking?.status ?? strings.waiting;
}
