/** The list of all keyboard shortcuts. */
import { strings } from "../../i18n";
import { settingsTexts as words } from "../../i18n/settings";
import { isMac } from "../../lib/keyCombo";
import { STANDARD_KEYS, shortcutActionsIn } from "../../settings/shortcuts";
import { useSettingsState } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { KeyCombo } from "../../ui/KeyCombo";
import { useIsBrowser } from "../../ui/useIsBrowser";
import styles from "./ShortcutsDialog.module.css";

export interface ShortcutsDialogProps {
  readonly onClose: () => void;
  /** Opens the settings for shortcuts. */
  readonly onChange: () => void;
}

type Line = readonly [act: string, keys: string];

export function ShortcutsDialog({ onClose, onChange }: ShortcutsDialogProps) {
  const { preferences } = useSettingsState();
  const fixed = words.fixedKeys;
  // On a Mac the system uses Ctrl with the arrow keys.
  const modifier = isMac() ? "Alt" : "Ctrl";
  const everywhere = shortcutActionsIn(useIsBrowser()).map(
    (action): Line => [
      strings.actions[action],
      preferences?.shortcuts[action] ?? STANDARD_KEYS[action],
    ],
  );
  return (
    <Dialog title={strings.actions.shortcuts} className={styles.sheet} onClose={onClose}>
      <div className={styles.body}>
        <Lines title={words.keysEverywhere} lines={everywhere.filter(([, keys]) => keys !== "")} />
        <Lines
          title={words.keysInBox}
          lines={[
            [strings.send, "Enter"],
            [fixed.line, "Shift+Enter"],
            [fixed.next, "Enter"],
            [fixed.stop, "Escape"],
            [fixed.last, "ArrowUp"],
            [fixed.earlier, `${modifier}+ArrowUp ${modifier}+ArrowDown`],
          ]}
        />
        <Lines
          title={words.keysInList}
          lines={[
            [strings.rename, "F2"],
            [strings.delete, "Delete"],
            [strings.moreActions, "Shift+F10"],
          ]}
        />
        <Button onClick={onChange}>{words.changeKeys}</Button>
      </div>
    </Dialog>
  );
}

function Lines({ title, lines }: { readonly title: string; readonly lines: readonly Line[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {lines.map(([label, keys]) => (
          <div key={label} className="wrap">
            <dt>{label}</dt>
            <dd>
              <KeyCombo keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
