/** A text in a form that is sent as a whole: nothing is saved by the field itself. */
import type { ComponentProps } from "react";
import { Field } from "./Field";

export interface TextFieldProps extends Omit<ComponentProps<"input">, "onChange" | "value"> {
  readonly label: string;
  readonly hint?: string;
  readonly isTall?: boolean;
  /** The unit of the number. */
  readonly unit?: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function TextField(props: TextFieldProps) {
  const { label, hint, isTall, unit, onChange, children, ...input } = props;
  const { type = "text" } = input;
  return (
    <Field label={label} hint={hint} isTall={isTall}>
      {(names) => (
        <>
          <input
            {...names}
            type={type}
            dir="auto"
            autoComplete="off"
            spellCheck={false}
            {...input}
            onChange={(event) => onChange(event.target.value)}
          />
          {unit !== undefined && <span className="soft">{unit}</span>}
          {children}
        </>
      )}
    </Field>
  );
}
