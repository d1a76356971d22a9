/** The list of all keyboard shortcuts. */
import { strings } from "../../i18n";
import { settingsTexts as words } from "../../i18n/settings";
import { isMac } from "../../lib/keyCombo";
import { actsIn, STANDARD_KEYS } from "../../settings/shortcuts";
import { useSettingsState } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { KeyCombo } from "../../ui/KeyCombo";
import { useDownloads } from "../../ui/useDownloads";
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
  const held = isMac() ? "Alt" : "Ctrl";
  const everywhere = actsIn(useDownloads()).map((act): Line => {
    return [strings.acts[act], preferences?.shortcuts[act] ?? STANDARD_KEYS[act]];
  });
  return (
    <Dialog title={strings.acts.shortcuts} className={styles.sheet} onClose={onClose}>
      <div className={styles.body}>
        <Lines title={words.keysEverywhere} lines={everywhere.filter(([, keys]) => keys !== "")} />
        <Lines
          title={words.keysInBox}
          lines={[
            [strings.send, "Enter"],
            [fixed.line, "Shift+Enter"],
            [fixed.next, "Mod+Enter"],
            [fixed.stop, "Escape"],
            [fixed.last, "ArrowUp"],
            [fixed.earlier, `${held}+ArrowUp ${held}+ArrowDown`],
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
        {lines.map(([act, keys]) => (
          <div key={act} className="wrap">
            <dt>{act}</dt>
            <dd>
              <KeyCombo keys={keys} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
