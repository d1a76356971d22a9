/** A choice among several, saved at once. */
import { Field } from "./Field";
import { useAutosave } from "./useAutosave";

export type Option<T extends string = string> = readonly [
  value: T,
  text: string,
  language?: string,
];

export interface SelectFieldProps<T extends string> {
  readonly label: string;
  readonly hint?: string;
  readonly value: T;
  readonly save: (value: T) => Promise<unknown>;
  /** What can be chosen, with its text. */
  readonly options: readonly Option<T>[];
}

export function SelectField<T extends string>(props: SelectFieldProps<T>) {
  const { value, save, options, ...words } = props;
  const saved = useAutosave(value, save);
  return (
    <Field saved={saved} {...words}>
      {(names) => (
        <select
          {...names}
          value={saved.value}
          onChange={(event) => saved.commit(event.target.value as T)}
        >
          <Options of={options} />
        </select>
      )}
    </Field>
  );
}

/** The options of a select. */
export function Options({ of }: { readonly of: readonly Option[] }) {
  return of.map(([value, text, language]) => (
    <option key={value} value={value} lang={language}>
      {text}
    </option>
  ));
}
