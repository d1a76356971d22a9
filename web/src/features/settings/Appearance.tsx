/** Settings for theme, text size and language. */
import type { Preferences } from "../../bridge/contract";
import { strings } from "../../i18n";
import { LANGUAGES } from "../../i18n/language";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import styles from "../../ui/form/form.module.css";
import { SelectField } from "../../ui/form/SelectField";

const THEMES: readonly Preferences["theme"][] = ["system", "light", "dark"];
const SIZES: readonly Preferences["textSize"][] = ["small", "standard", "large", "larger"];

export function Appearance() {
  const { update } = useSettings();
  const { preferences } = useSettingsState();
  const words = strings.preferences;
  if (preferences === null) return null;
  const { theme, textSize, language } = preferences;
  const isOther = language !== "" && !(language in LANGUAGES);
  return (
    <section className={styles.section}>
      <h3>{words.sections.appearance}</h3>
      <SelectField
        label={strings.theme}
        value={theme}
        save={(value) => update({ theme: THEMES.find((one) => one === value) ?? "system" })}
      >
        {THEMES.map((one) => (
          <option key={one} value={one}>
            {strings.themes[one]}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={words.textSize}
        value={textSize}
        save={(value) => update({ textSize: SIZES.find((one) => one === value) ?? "standard" })}
      >
        {SIZES.map((one) => (
          <option key={one} value={one}>
            {words.textSizes[one]}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={strings.language}
        value={language}
        save={(value) => update({ language: value })}
      >
        <option value="">{strings.systemLanguage}</option>
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
        {/* The settings file may name another language. */}
        {isOther && <option value={language}>{language}</option>}
      </SelectField>
    </section>
  );
}
