/** Settings for keyboard shortcuts. */
import { type KeyboardEvent, useId, useState } from "react";
import { strings } from "../../i18n";
import { settingsTexts as words } from "../../i18n/settings";
import { keysOf } from "../../lib/keyCombo";
import {
  actionOf,
  type Chosen,
  type Refusal,
  type ShortcutAction,
  STANDARD_KEYS,
  shortcutActionsIn,
  shortcutProblem,
  withKeys,
  withStandard,
} from "../../settings/shortcuts";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import formStyles from "../../ui/form/form.module.css";
import { KeyCombo } from "../../ui/KeyCombo";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { useIsBrowser } from "../../ui/useIsBrowser";
import styles from "./ShortcutSettings.module.css";

export function ShortcutSettings() {
  const { update } = useSettings();
  const { preferences } = useSettingsState();
  const { problem, attempt } = useAsyncAction();
  const actions = shortcutActionsIn(useIsBrowser());
  if (preferences === null) return null;
  const chosen = preferences.shortcuts;
  const save = (shortcuts: Chosen) => update({ shortcuts });
  return (
    <section className={formStyles.section}>
      <h3>{strings.sections.shortcuts}</h3>
      <p className={formStyles.text}>{words.shortcutsText}</p>
      <ul>
        {actions.map((action) => (
          <Shortcut key={action} action={action} chosen={chosen} save={save} />
        ))}
      </ul>
      <Button
        className={formStyles.start}
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
  readonly action: ShortcutAction;
  readonly chosen: Chosen;
  readonly save: (chosen: Chosen) => Promise<void>;
}

function Shortcut({ action, chosen, save }: ShortcutProps) {
  const [isListening, setIsListening] = useState(false);
  const [refusedKeys, setRefusedKeys] = useState<string | null>(null);
  const { reason, attempt } = useAsyncAction();
  const id = useId();
  const name = strings.actions[action];
  const keys = chosen[action] ?? STANDARD_KEYS[action];
  const isStandard = chosen[action] === undefined;
  const why = refusedKeys === null ? null : shortcutProblem(refusedKeys, action, chosen);

  function assign(next: Chosen): void {
    setIsListening(false);
    setRefusedKeys(null);
    attempt(save(next));
  }

  function onKeyDown(event: KeyboardEvent): void {
    // Tab still leaves the field.
    if (!isListening || event.key === "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    const keys = keysOf(event);
    if (event.key === "Escape") setIsListening(false);
    else if (event.key === "Backspace" && !event.ctrlKey && !event.metaKey) {
      assign({ ...chosen, [action]: "" });
    } else if (keys !== null) {
      if (shortcutProblem(keys, action, chosen) === null) assign(withKeys(action, keys, chosen));
      else setRefusedKeys(keys);
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
          setRefusedKeys(null);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setIsListening(false)}
      >
        {isListening ? words.pressKeys : keys === "" ? words.noKeys : <KeyCombo keys={keys} />}
      </button>
      {!isStandard && (
        <Button
          aria-label={`${words.toStandard}: ${name}`}
          onClick={() => assign(withStandard(action, chosen))}
        >
          {strings.reset}
        </Button>
      )}
      {refusedKeys !== null && why !== null && (
        <div className="wrap soft bad" role="alert">
          <KeyCombo keys={refusedKeys} />
          <span>{whyNot(refusedKeys, why, chosen)}</span>
          {why === "taken" && (
            <Button onClick={() => assign(withKeys(action, refusedKeys, chosen))}>
              {words.takeKeys}
            </Button>
          )}
        </div>
      )}
      <Problem>{reason && words.notSaved(reason)}</Problem>
    </li>
  );
}

function whyNot(keys: string, why: Refusal, chosen: Chosen): string {
  if (why !== "taken") return words.keysRefused[why];
  const owner = actionOf(keys, chosen);
  return owner === null ? "" : words.keysTaken(strings.actions[owner]);
}
