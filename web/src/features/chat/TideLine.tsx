/**
 * The line between what was said and what is being written: it is filled as far as the model's context
 * is, flows while an answer comes in, and ebbs when that is stopped.
 */
import type { RunStatus } from "../../llm/runReducer";
import styles from "./TideLine.module.css";
import { partOf, useContextUsage } from "./useContextUsage";

export interface TideLineProps {
  readonly status: RunStatus | "idle";
}

const FLOWS: Partial<Record<TideLineProps["status"], string>> = {
  submitted: "in",
  streaming: "in",
  stopping: "out",
  cancelled: "out",
};

const LEAST = 0.02;

export function TideLine({ status }: TideLineProps) {
  const filling = useContextUsage();
  const part = filling === null ? 0 : (partOf(filling) ?? 0);
  // So little would be a dot.
  const shown = part < LEAST ? 0 : part;
  const flow = FLOWS[status];
  return (
    <div className={styles.line} aria-hidden="true">
      {/* What runs along the line turns with the page. */}
      <div className="turning">
        <span style={{ transform: `scaleX(${shown})` }} />
        {flow !== undefined && <i data-flow={flow} />}
      </div>
    </div>
  );
}
