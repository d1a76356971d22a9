/** A choice among several, saved at once. */
import type { ComponentProps } from "react";
import { Field } from "./Field";
import { useAutosave } from "./useAutosave";

export type Option<T extends string = string> = readonly [
  value: T,
  text: string,
  language?: string,
];

export interface SelectFieldProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly save: (value: T) => Promise<unknown>;
  /** The values to choose from, with their texts. */
  readonly options: readonly Option<T>[];
}

export function SelectField<T extends string>(props: SelectFieldProps<T>) {
  const { value, save, options, ...words } = props;
  const saved = useAutosave(value, save);
  return (
    <Field saved={saved} {...words}>
      {(names) => (
        <Select {...names} value={saved.value} options={options} onChange={saved.commit} />
      )}
    </Field>
  );
}

export interface SelectProps<T extends string> extends Omit<ComponentProps<"select">, "onChange"> {
  readonly options: readonly Option<T>[];
  readonly onChange: (value: T) => void;
}

/** The control alone. Its `children` are options before the others. */
export function Select<T extends string>(props: SelectProps<T>) {
  const { options, onChange, children, ...select } = props;
  return (
    <select {...select} onChange={(event) => onChange(event.target.value as T)}>
      {children}
      {options.map(([value, text, language]) => (
        <option key={value} value={value} lang={language}>
          {text}
        </option>
      ))}
    </select>
  );
}
