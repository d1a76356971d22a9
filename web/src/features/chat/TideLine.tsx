/**
 * The line above the composer, which serves as a gauge of the model's context. It moves while an answer
 * streams and recedes when the answer is stopped.
 */
import type { RunStatus } from "../../llm/runReducer";
import styles from "./TideLine.module.css";
import { useContextUsage } from "./useContextUsage";

const FLOWS: Partial<Record<RunStatus | "idle", string>> = {
  submitted: "in",
  streaming: "in",
  stopping: "out",
  cancelled: "out",
};

const LEAST = 0.02;

export function TideLine({ status }: { readonly status: RunStatus | "idle" }) {
  const part = useContextUsage()?.part ?? 0;
  // Anything shorter would look like a dot.
  const shown = part < LEAST ? 0 : part;
  const flow = FLOWS[status];
  return (
    <div className={styles.line} aria-hidden="true">
      {/* Mirrored with the page's writing direction. */}
      <div className="turning">
        <span style={{ transform: `scaleX(${shown})` }} />
        {flow !== undefined && <i data-flow={flow} />}
      </div>
    </div>
  );
}
