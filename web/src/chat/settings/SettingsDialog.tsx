/** SettingsDialog: how it looks, who answers, with which keys, and what is kept. */
import { useEffect, useRef, useState } from "react";
import { reasonOf } from "../../conversations/conversations";
import { useSettings } from "../../settings/useSettings";
import { strings } from "../../strings";
import { CloseIcon } from "../icons";
import { AddProvider } from "./AddProvider";
import { Appearance } from "./Appearance";
import { Backups } from "./Backups";
import { Providers } from "./Providers";
import styles from "./SettingsDialog.module.css";

export interface SettingsDialogProps {
  readonly version: string;
  readonly onClose: () => void;
}

export default function SettingsDialog({ version, onClose }: SettingsDialogProps) {
  const settings = useSettings();
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    dialog.current?.showModal();
    Promise.all([settings.load(), settings.loadProviders()]).catch((error) =>
      setProblem(reasonOf(error)),
    );
  }, [settings]);

  /** Do it, and say what was in the way. */
  const attempt = (act: Promise<unknown>): void => {
    setProblem(null);
    act.catch((error) => setProblem(reasonOf(error)));
  };

  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-label={strings.settings}
      onClose={onClose}
      // Escape is the dialog's here, and stops no answer.
      onKeyDown={(event) => event.stopPropagation()}
    >
      <header>
        <h2>{strings.settings}</h2>
        <button
          type="button"
          className={styles.close}
          aria-label={strings.close}
          onClick={() => dialog.current?.close()}
        >
          <CloseIcon />
        </button>
      </header>
      <div className={styles.body}>
        {problem !== null && (
          <p className={styles.problem} role="alert">
            {problem}
          </p>
        )}
        <Appearance attempt={attempt} />
        <Providers attempt={attempt} />
        <AddProvider attempt={attempt} />
        <Backups attempt={attempt} />
        <p className={styles.about}>{strings.about(version)}</p>
      </div>
    </dialog>
  );
}
