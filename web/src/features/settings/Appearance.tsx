/** Settings for theme, text size and language. */
import type { Preferences } from "../../bridge/contract";
import { strings } from "../../i18n";
import { LANGUAGES } from "../../i18n/language";
import { settingsTexts as words } from "../../i18n/settings";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import formStyles from "../../ui/form/form.module.css";
import { type Option, SelectField } from "../../ui/form/SelectField";

const THEMES: readonly Preferences["theme"][] = ["system", "light", "dark"];
const SIZES: readonly Preferences["textSize"][] = ["small", "standard", "large", "larger"];

export function Appearance() {
  const { update } = useSettings();
  const { preferences } = useSettingsState();
  if (preferences === null) return null;
  const { theme, textSize, language } = preferences;
  const languages: Option[] = [
    ["", strings.systemLanguage],
    ...Object.entries(LANGUAGES).map(([tag, name]): Option => [tag, name, tag]),
  ];
  // A settings file that a person edited may have another language.
  if (languages.every(([tag]) => tag !== language)) languages.push([language, language]);
  return (
    <section className={formStyles.section}>
      <h3>{strings.sections.appearance}</h3>
      <SelectField
        label={strings.theme}
        value={theme}
        save={(value) => update({ theme: value })}
        options={THEMES.map((name) => [name, strings.themes[name]])}
      />
      <SelectField
        label={words.textSize}
        value={textSize}
        save={(value) => update({ textSize: value })}
        options={SIZES.map((size) => [size, words.textSizes[size]])}
      />
      <SelectField
        label={strings.language}
        value={language}
        save={(value) => update({ language: value })}
        options={languages}
      />
    </section>
  );
}
