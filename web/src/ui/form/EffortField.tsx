/** The model's reasoning effort, or its default. */
import { useId } from "react";
import type { Effort } from "../../bridge/contract";
import { costs } from "../../i18n/costs";
import { settingsTexts } from "../../i18n/settings";
import { Problem } from "../Problem";
import styles from "./form.module.css";
import { useAutosave } from "./useAutosave";

export const EFFORTS: readonly Effort[] = ["off", "low", "medium", "high", "max"];

export interface EffortFieldProps {
  readonly efforts: readonly Effort[];
  readonly kept: Effort | null;
  /** What holds where none is chosen. */
  readonly standard: string;
  readonly save: (effort: Effort | null) => Promise<unknown>;
}

export function EffortField({ efforts, kept, standard, save }: EffortFieldProps) {
  const name = useId();
  // What another model was asked is not asked of this one.
  const saved = useAutosave(efforts.find((one) => one === kept) ?? null, save);
  return (
    // No live region as other fields have: a menu that holds it has one of its own.
    <div className={`${styles.row} ${styles.tall}`}>
      <div className={styles.words}>
        <span id={name}>{costs.effort}</span>
        <p id={`${name}-hint`}>{costs.effortHint}</p>
      </div>
      <div
        className={styles.choices}
        role="radiogroup"
        aria-labelledby={name}
        aria-describedby={`${name}-hint`}
      >
        {[null, ...efforts].map((one) => (
          <label key={one} className={styles.check}>
            <input
              type="radio"
              name={name}
              checked={saved.value === one}
              onChange={() => saved.commit(one)}
            />
            {one === null ? standard : costs.efforts[one]}
          </label>
        ))}
      </div>
      <Problem>{saved.problem && settingsTexts.notSaved(saved.problem)}</Problem>
    </div>
  );
}
