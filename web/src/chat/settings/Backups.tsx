/** Backups: everything that is kept, as one file; made now, or put back. */
import { useEffect, useState } from "react";
import type { BackupInfo } from "../../bridge/contract";
import { useConversations } from "../../conversations/context";
import { useSettings } from "../../settings/useSettings";
import { locale, strings } from "../../strings";
import { whenFree } from "../whenFree";
import parts from "./parts.module.css";
import { useAttempt } from "./useAttempt";

/** The newest are enough to begin with. */
const SHOWN = 5;

export function Backups() {
  const settings = useSettings();
  const { backups, backup, restore } = useConversations();
  const [made, setMade] = useState<readonly BackupInfo[]>([]);
  const [chosen, setChosen] = useState<string | null>(null);
  const [said, setSaid] = useState<string | null>(null);
  const [shown, setShown] = useState(SHOWN);
  const { problem, isBusy, attempt } = useAttempt();

  useEffect(() => {
    backups().then(setMade, () => setMade([]));
  }, [backups]);

  async function make(): Promise<void> {
    setSaid(null);
    const { name } = await backup();
    setSaid(strings.backupMade(name));
    setMade(await backups());
  }

  async function putBack(name: string): Promise<void> {
    setSaid(null);
    setChosen(null);
    await restore(name);
    setSaid(strings.restored);
    setMade(await backups());
    await Promise.all([settings.load(), settings.loadProviders()]);
  }

  return (
    <section className={parts.section}>
      <h3>{strings.preferences.backups}</h3>
      <div className={parts.row}>
        <p className={parts.text}>{strings.backupText}</p>
        <button
          type="button"
          className={parts.button}
          {...whenFree(!isBusy, () => attempt(make()))}
        >
          {strings.backupNow}
        </button>
      </div>
      <ul className={parts.list} hidden={made.length === 0}>
        {made.slice(0, shown).map(({ name, createdAt, size }) => (
          <li key={name} className={parts.row}>
            <span>
              {new Date(createdAt).toLocaleString(locale, {
                dateStyle: "long",
                timeStyle: "short",
              })}
              <span className={parts.text}> · {strings.size(size)}</span>
            </span>
            <span className={parts.buttons}>
              {chosen === name && (
                <button
                  type="button"
                  className={`${parts.button} ${parts.grave}`}
                  onClick={() => attempt(putBack(name))}
                >
                  {strings.restoreReally}
                </button>
              )}
              {/* The same button: pressed twice by mistake, it restores nothing. */}
              <button
                type="button"
                className={parts.button}
                {...whenFree(!isBusy, () => setChosen(chosen === name ? null : name))}
              >
                {chosen === name ? strings.cancel : strings.restore}
              </button>
            </span>
          </li>
        ))}
      </ul>
      {made.length > shown && (
        <button
          type="button"
          className={`${parts.button} ${parts.start}`}
          onClick={() => setShown(made.length)}
        >
          {strings.showMore}
        </button>
      )}
      {said !== null && (
        <p className={parts.good} role="status">
          {said}
        </p>
      )}
      {problem !== null && (
        <p className={parts.bad} role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
