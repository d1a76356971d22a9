/** The sampling temperature, or the model's default. */
import { locale } from "../../i18n";
import { settingsTexts } from "../../i18n/settings";
import { Check } from "./Check";
import { Field } from "./Field";
import formStyles from "./form.module.css";
import { useAutosave } from "./useAutosave";

/** Where the slider starts: the default of most models. */
const USUAL = 0.7;
const MOST = 2;
const STEP = 0.1;

export interface TemperatureProps {
  readonly value: number | null;
  /** The label of the default, which applies while none is chosen. */
  readonly standard: string;
  readonly save: (temperature: number | null) => Promise<unknown>;
}

export function Temperature({ value: stored, standard, save }: TemperatureProps) {
  const saved = useAutosave(stored, save);
  const { value } = saved;
  const shown =
    value === null
      ? standard
      : value.toLocaleString(locale, { minimumFractionDigits: 1, maximumFractionDigits: 2 });
  return (
    <Field label={settingsTexts.temperature} hint={settingsTexts.temperatureHint} saved={saved}>
      {(names) => (
        <div className={formStyles.pair}>
          <Check
            checked={value === null}
            onChange={(isStandard) => saved.commit(isStandard ? null : USUAL)}
          >
            {standard}
          </Check>
          <div className="row">
            <input
              {...names}
              type="range"
              min={0}
              max={MOST}
              step={STEP}
              disabled={value === null}
              value={value ?? USUAL}
              aria-valuetext={shown}
              onChange={(event) => saved.change(Number(event.target.value))}
              onPointerUp={() => saved.commit()}
              onKeyUp={() => saved.commit()}
              onBlur={() => saved.commit()}
            />
            <output>{value === null ? "" : shown}</output>
          </div>
        </div>
      )}
    </Field>
  );
}
