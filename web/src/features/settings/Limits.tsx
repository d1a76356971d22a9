/** Settings for concurrency and time limits. */
import { useState } from "react";
import { settingsTexts as words } from "../../i18n/settings";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import formStyles from "../../ui/form/form.module.css";
import { NumberField } from "../../ui/form/NumberField";
import { ResetContext } from "../../ui/form/useAutosave";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";

const SECOND_MS = 1_000;
const LONGEST_MS = 600_000;
const LIMITS = [
  { name: "inferences", most: 100 },
  { name: "sessions", most: 1_000 },
] as const;
const WAITS = [
  { name: "overallMs", least: SECOND_MS },
  { name: "firstMs", least: 100 },
  { name: "firstSilentMs", least: 100 },
  { name: "betweenMs", least: 100 },
] as const;

export function Limits() {
  const { update, get } = useSettings();
  const { preferences } = useSettingsState();
  const { reason, attempt } = useAsyncAction();
  const [resets, setResets] = useState(0);
  if (preferences === null) return null;
  const { limits, deadlines } = preferences;

  async function reset(): Promise<void> {
    await update({ limits: null, deadlines: null });
    setResets(resets + 1);
  }

  return (
    <ResetContext value={resets}>
      <section className={formStyles.section}>
        <h3>{words.waits}</h3>
        <p className={formStyles.text}>{words.nextStart}</p>
        {WAITS.map(({ name, least }) => (
          <NumberField
            key={name}
            label={words[name]}
            hint={words[`${name}Hint`]}
            unit={words.seconds}
            value={deadlines[name]}
            least={least}
            most={LONGEST_MS}
            scale={SECOND_MS}
            save={(ms) =>
              update({ deadlines: { ...(get().preferences?.deadlines ?? deadlines), [name]: ms } })
            }
          />
        ))}
      </section>
      <section className={formStyles.section}>
        <h3>{words.atOnce}</h3>
        <p className={formStyles.text}>{words.nextStart}</p>
        {LIMITS.map(({ name, most }) => (
          <NumberField
            key={name}
            label={words[name]}
            hint={words[`${name}Hint`]}
            unit=""
            value={limits[name]}
            least={1}
            most={most}
            save={(count) =>
              update({ limits: { ...(get().preferences?.limits ?? limits), [name]: count } })
            }
          />
        ))}
      </section>
      <div className={formStyles.section}>
        <Button className={formStyles.start} onClick={() => attempt(reset())}>
          {words.toStandard}
        </Button>
        <Problem>{reason && words.notSaved(reason)}</Problem>
      </div>
    </ResetContext>
  );
}
