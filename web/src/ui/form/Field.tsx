/** A labeled form field with a hint and an error. */
import { type ReactNode, useId } from "react";
import { settingsTexts } from "../../i18n/settings";
import { Problem } from "../Problem";
import formStyles from "./form.module.css";
import type { Autosave } from "./useAutosave";

/** The ids that connect a field to its texts. */
export interface FieldNames {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
  readonly "aria-invalid": true | undefined;
}

export interface FieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  /** Of a value that is saved by itself. */
  readonly saved?: Pick<Autosave<unknown>, "problem" | "isSaved">;
  /** The field has a line of its own. */
  readonly isTall?: boolean | undefined;
  readonly children: (names: FieldNames) => ReactNode;
}

export function Field({ label, hint, saved, isTall, children }: FieldProps) {
  const id = useId();
  const problem = saved?.problem ?? null;
  const hintId = hint === undefined ? undefined : `${id}-hint`;
  const problemId = problem === null ? undefined : `${id}-problem`;
  const described = [problemId, hintId].filter((name) => name !== undefined).join(" ");
  return (
    <div className={isTall ? `${formStyles.row} ${formStyles.tall}` : formStyles.row}>
      <div className={formStyles.words}>
        <label htmlFor={id}>{label}</label>
        {hint !== undefined && <p id={hintId}>{hint}</p>}
      </div>
      <div className={formStyles.field}>
        {children({
          id,
          "aria-describedby": described === "" ? undefined : described,
          "aria-invalid": problem === null ? undefined : true,
        })}
      </div>
      <Problem id={problemId}>{problem && settingsTexts.notSaved(problem)}</Problem>
      <p className="visually-hidden" role="status">
        {saved?.isSaved ? settingsTexts.saved : ""}
      </p>
    </div>
  );
}
