/** Reasoning: what the model thought before it answered, folded away. */
import type { RunState } from "../llm/reduce";
import { strings } from "../strings";
import { Dots } from "./Dots";
import { MessageText } from "./MessageText";
import styles from "./Reasoning.module.css";

export function Reasoning({ state, live }: { readonly state: RunState; readonly live: boolean }) {
  if (state.reasoning === "") return null;
  const isThinking = live && state.response === "";
  return (
    <details className={styles.reasoning}>
      <summary>
        {isThinking ? strings.thinking : strings.thoughtFor(state.reasoningMs ?? 0)}
        {isThinking && <Dots />}
      </summary>
      <MessageText text={state.reasoning} />
    </details>
  );
}
