/** Settings for keyboard shortcuts. */
import { type KeyboardEvent, useId, useState } from "react";
import { strings } from "../../i18n";
import { settingsTexts as words } from "../../i18n/settings";
import { keysOf } from "../../lib/keyCombo";
import {
  type Act,
  actOf,
  actsIn,
  type Chosen,
  type Refusal,
  STANDARD_KEYS,
  shortcutProblem,
  withKeys,
  withStandard,
} from "../../settings/shortcuts";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import parts from "../../ui/form/form.module.css";
import { KeyCombo } from "../../ui/KeyCombo";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { useDownloads } from "../../ui/useDownloads";
import styles from "./ShortcutSettings.module.css";

export function ShortcutSettings() {
  const { update } = useSettings();
  const { preferences } = useSettingsState();
  const { problem, attempt } = useAsyncAction();
  const acts = actsIn(useDownloads());
  if (preferences === null) return null;
  const chosen = preferences.shortcuts;
  const save = (shortcuts: Chosen) => update({ shortcuts });
  return (
    <section className={parts.section}>
      <h3>{strings.sections.shortcuts}</h3>
      <p className={parts.text}>{words.shortcutsText}</p>
      <ul>
        {acts.map((act) => (
          <Shortcut key={act} act={act} chosen={chosen} save={save} />
        ))}
      </ul>
      <Button
        className={parts.start}
        isFree={Object.keys(chosen).length > 0}
        onClick={() => attempt(save({}))}
      >
        {words.allToStandard}
      </Button>
      <Problem>{problem}</Problem>
    </section>
  );
}

interface ShortcutProps {
  readonly act: Act;
  readonly chosen: Chosen;
  readonly save: (chosen: Chosen) => Promise<void>;
}

function Shortcut({ act, chosen, save }: ShortcutProps) {
  const [isListening, setIsListening] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const { reason, attempt } = useAsyncAction();
  const id = useId();
  const name = strings.acts[act];
  const keys = chosen[act] ?? STANDARD_KEYS[act];
  const isStandard = chosen[act] === undefined;
  const why = refused === null ? null : shortcutProblem(refused, act, chosen);

  function take(next: Chosen): void {
    setIsListening(false);
    setRefused(null);
    attempt(save(next));
  }

  function onKeyDown(event: KeyboardEvent): void {
    // Tab still leaves the field.
    if (!isListening || event.key === "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    const pressed = keysOf(event);
    if (event.key === "Escape") setIsListening(false);
    else if (event.key === "Backspace" && !event.ctrlKey && !event.metaKey) {
      take({ ...chosen, [act]: "" });
    } else if (pressed !== null) {
      if (shortcutProblem(pressed, act, chosen) === null) take(withKeys(act, pressed, chosen));
      else setRefused(pressed);
    }
  }

  return (
    <li className={styles.shortcut}>
      <span id={`${id}-name`} className={styles.name}>
        {name}
      </span>
      <button
        type="button"
        id={`${id}-keys`}
        className={styles.keys}
        aria-labelledby={`${id}-name ${id}-keys`}
        aria-pressed={isListening}
        onClick={({ currentTarget }) => {
          // WebKit does not focus a button that is clicked.
          currentTarget.focus();
          setIsListening(!isListening);
          setRefused(null);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setIsListening(false)}
      >
        {isListening ? words.pressKeys : keys === "" ? words.noKeys : <KeyCombo keys={keys} />}
      </button>
      {!isStandard && (
        <Button
          aria-label={`${words.toStandard}: ${name}`}
          onClick={() => take(withStandard(act, chosen))}
        >
          {strings.standard}
        </Button>
      )}
      {refused !== null && why !== null && (
        <div className="wrap soft bad" role="alert">
          <KeyCombo keys={refused} />
          <span>{whyNot(refused, why, chosen)}</span>
          {why === "taken" && (
            <Button onClick={() => take(withKeys(act, refused, chosen))}>{words.takeKeys}</Button>
          )}
        </div>
      )}
      <Problem>{reason && words.notSaved(reason)}</Problem>
    </li>
  );
}

function whyNot(keys: string, why: Refusal, chosen: Chosen): string {
  if (why !== "taken") return words.keysRefused[why];
  const owner = actOf(keys, chosen);
  return owner === null ? "" : words.keysTaken(strings.acts[owner]);
}
