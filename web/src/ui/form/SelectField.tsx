/** A choice among several, saved at once. */
import type { ReactNode } from "react";
import { Field } from "./Field";
import { useAutosave } from "./useAutosave";

export interface SelectFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly value: string;
  readonly save: (value: string) => Promise<unknown>;
  /** The options. */
  readonly children: ReactNode;
}

export function SelectField({ label, value, save, children, ...rest }: SelectFieldProps) {
  const saved = useAutosave(value, save);
  return (
    <Field label={label} problem={saved.problem} isSaved={saved.isSaved} {...rest}>
      {(names) => (
        <select
          {...names}
          value={saved.value}
          onChange={(event) => saved.commit(event.target.value)}
        >
          {children}
        </select>
      )}
    </Field>
  );
}
