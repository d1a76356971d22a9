/** A number field with a unit; invalid numbers show an error and are not saved. */
import { useState } from "react";
import { locale, PageError } from "../../i18n";
import { settingsTexts } from "../../i18n/settings";
import { Field } from "./Field";
import formStyles from "./form.module.css";
import { useAutosave } from "./useAutosave";

export interface NumberFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly unit?: string;
  /** The stored value; null for none. */
  readonly value: number | null;
  readonly least: number;
  readonly most: number;
  /** Stored units per displayed unit: 1,000 for seconds that are stored as milliseconds. */
  readonly scale?: number;
  /** An empty field is valid. */
  readonly mayBeEmpty?: boolean;
  readonly save: (value: number | null) => Promise<unknown>;
}

export function NumberField(props: NumberFieldProps) {
  const { label, hint, unit, value, least, most, scale = 1, mayBeEmpty = false, save } = props;
  /** The text that was not accepted. */
  const [wrong, setWrong] = useState<string | null>(null);
  const saved = useAutosave(value === null ? "" : String(value / scale), async (text) => {
    const number = parse(text);
    // Reached only when the dialog closes while typing: a toast shows it.
    if (number === undefined) throw new PageError(range());
    await save(number);
  });

  /** Undefined if invalid. */
  function parse(text: string): number | null | undefined {
    if (text.trim() === "") return mayBeEmpty ? null : undefined;
    const number = Math.round(Number(text) * scale);
    return number >= least && number <= most ? number : undefined;
  }

  function range(): string {
    const shown = (number: number) => (number / scale).toLocaleString(locale);
    return settingsTexts.between(shown(least), shown(most));
  }

  function commit(): void {
    const isWrong = parse(saved.value) === undefined;
    setWrong(isWrong ? saved.value : null);
    if (!isWrong) saved.commit();
  }

  return (
    <Field
      label={label}
      hint={hint}
      saved={wrong === saved.value ? { problem: range(), isSaved: false } : saved}
    >
      {(names) => (
        <>
          <input
            {...names}
            className={formStyles.number}
            type="number"
            inputMode="decimal"
            min={least / scale}
            max={most / scale}
            step="any"
            value={saved.value}
            onChange={(event) => {
              setWrong(null);
              saved.change(event.target.value);
            }}
            onBlur={commit}
            onKeyDown={(event) => event.key === "Enter" && commit()}
          />
          {unit !== undefined && <span className={formStyles.unit}>{unit}</span>}
        </>
      )}
    </Field>
  );
}
