/** Backups: everything that is kept, as one file; made now, or put back. */
import { useEffect, useState } from "react";
import type { BackupInfo } from "../../bridge/contract";
import { useConversations } from "../../conversations/context";
import { strings } from "../../strings";
import type { SectionProps } from "./Appearance";
import styles from "./SettingsDialog.module.css";

/** The newest are enough to choose from. */
const SHOWN = 5;

export function Backups({ attempt }: SectionProps) {
  const { backups, backup, restore } = useConversations();
  const [made, setMade] = useState<readonly BackupInfo[]>([]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [said, setSaid] = useState<string | null>(null);

  useEffect(() => {
    backups().then(setMade, () => setMade([]));
  }, [backups]);

  async function make(): Promise<void> {
    const { name } = await backup();
    setSaid(strings.backupMade(name));
    setMade(await backups());
  }

  async function putBack(name: string): Promise<void> {
    setChosen(null);
    await restore(name);
    setSaid(strings.restored);
    setMade(await backups());
  }

  return (
    <section>
      <h3>{strings.data}</h3>
      <div className={styles.row}>
        <span>{strings.backupText}</span>
        <button type="button" onClick={() => attempt(make())}>
          {strings.backupNow}
        </button>
      </div>
      <ul className={styles.backups}>
        {made.slice(0, SHOWN).map(({ name, createdAt, size }) => (
          <li key={name} className={styles.row}>
            <span>
              {new Date(createdAt).toLocaleString()} · {strings.size(size)}
            </span>
            {chosen === name ? (
              <>
                <button type="button" onClick={() => setChosen(null)}>
                  {strings.cancel}
                </button>
                <button
                  type="button"
                  className={styles.grave}
                  onClick={() => attempt(putBack(name))}
                >
                  {strings.restoreReally}
                </button>
              </>
            ) : (
              <button type="button" onClick={() => setChosen(name)}>
                {strings.restore}
              </button>
            )}
          </li>
        ))}
      </ul>
      {said !== null && (
        <p className={styles.good} role="status">
          {said}
        </p>
      )}
    </section>
  );
}
