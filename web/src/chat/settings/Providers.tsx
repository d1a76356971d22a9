/** Providers: who can answer, with which key, and whether that works. */
import { useState } from "react";
import type { KeyStatus, ProviderSummary } from "../../bridge/contract";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { strings } from "../../strings";
import { useToasts } from "../toasts";
import type { SectionProps } from "./Appearance";
import styles from "./SettingsDialog.module.css";

export function Providers({ attempt }: SectionProps) {
  const { providers, keys } = useSettingsState();
  return (
    <section>
      <h3>{strings.providers}</h3>
      <ul className={styles.providers}>
        {providers
          .filter(({ kind }) => kind !== "test")
          .map((provider) => (
            <Provider
              key={provider.id}
              provider={provider}
              status={keys.find(({ providerId }) => providerId === provider.id) ?? null}
              attempt={attempt}
            />
          ))}
      </ul>
    </section>
  );
}

interface ProviderProps extends SectionProps {
  readonly provider: ProviderSummary;
  readonly status: KeyStatus | null;
}

interface Outcome {
  readonly isGood: boolean;
  readonly text: string;
}

function Provider({ provider, status, attempt }: ProviderProps) {
  const settings = useSettings();
  const toasts = useToasts();
  const [key, setKey] = useState("");
  const [isTrying, setIsTrying] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const { id, name, host, local, takesKey, removable } = provider;

  async function test(): Promise<void> {
    setIsTrying(true);
    setOutcome(null);
    try {
      const { ok, sentence } = await settings.test(id);
      setOutcome({ isGood: ok, text: sentence });
    } finally {
      setIsTrying(false);
    }
  }

  async function save(): Promise<void> {
    const given = key.trim();
    setKey(""); // it goes one way, and stays nowhere on the page
    const { note } = await settings.setKey(id, given);
    if (note !== null) setOutcome({ isGood: true, text: note });
    await test();
  }

  async function remove(): Promise<void> {
    await settings.remove(id);
    const undo = () => attempt(settings.restore(id));
    toasts.say(strings.deleted(name), { action: { label: strings.undo, run: undo } });
  }

  return (
    <li>
      <div className={styles.head}>
        <strong>{name}</strong>
        <span>{local ? strings.local : host}</span>
        <button type="button" disabled={isTrying} onClick={() => attempt(test())}>
          {isTrying ? strings.testing : strings.test}
        </button>
        {removable && (
          <button type="button" onClick={() => attempt(remove())}>
            {strings.remove}
          </button>
        )}
      </div>
      {takesKey && (
        <form
          className={styles.key}
          onSubmit={(event) => {
            event.preventDefault();
            if (key.trim() !== "") attempt(save());
          }}
        >
          <input
            type="password"
            autoComplete="off"
            spellCheck={false}
            aria-label={strings.keyFor(name)}
            placeholder={keyWords(status)}
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
          <button type="submit" disabled={key.trim() === ""}>
            {strings.save}
          </button>
          {status?.configured && status.source !== "environment" && (
            <button type="button" onClick={() => attempt(settings.removeKey(id))}>
              {strings.removeKey}
            </button>
          )}
        </form>
      )}
      {status?.note != null && <p className={styles.note}>{status.note}</p>}
      {outcome !== null && (
        <p className={outcome.isGood ? styles.good : styles.bad} role="status">
          {outcome.text}
        </p>
      )}
    </li>
  );
}

function keyWords(status: KeyStatus | null): string {
  if (status === null || !status.configured) return strings.keyMissing;
  const where = status.source === null ? "" : strings.keySources[status.source];
  return strings.keyThere(status.hint, where);
}
