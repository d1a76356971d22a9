/** The model's reasoning effort, or its default. */
import { useId } from "react";
import type { Effort } from "../../bridge/contract";
import { costs } from "../../i18n/costs";
import { settingsTexts } from "../../i18n/settings";
import { Problem } from "../Problem";
import formStyles from "./form.module.css";
import { useAutosave } from "./useAutosave";

export interface EffortFieldProps {
  readonly efforts: readonly Effort[];
  readonly value: Effort | null;
  /** The label of the default, which applies while none is chosen. */
  readonly standard: string;
  readonly save: (effort: Effort | null) => Promise<unknown>;
}

export function EffortField({ efforts, value, standard, save }: EffortFieldProps) {
  const name = useId();
  // An effort that was chosen for another model may not exist for this one.
  const saved = useAutosave(efforts.find((effort) => effort === value) ?? null, save);
  return (
    // No live region as in other fields: a menu around it has its own.
    <div className={`${formStyles.row} ${formStyles.tall}`}>
      <div className={formStyles.words}>
        <span id={name}>{costs.effort}</span>
        <p id={`${name}-hint`}>{costs.effortHint}</p>
      </div>
      <div
        className={formStyles.choices}
        role="radiogroup"
        aria-labelledby={name}
        aria-describedby={`${name}-hint`}
      >
        {[null, ...efforts].map((effort) => (
          <label key={effort} className={formStyles.check}>
            <input
              type="radio"
              name={name}
              checked={saved.value === effort}
              onChange={() => saved.commit(effort)}
            />
            {effort === null ? standard : costs.efforts[effort]}
          </label>
        ))}
      </div>
      <Problem>{saved.problem && settingsTexts.notSaved(saved.problem)}</Problem>
    </div>
  );
}
