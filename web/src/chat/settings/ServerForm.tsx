/** ServerForm: a server by its address and by the API that it speaks. */
import { useState } from "react";
import type { NewProvider } from "../../bridge/contract";
import { reasonOf } from "../../conversations/conversations";
import { useSettings } from "../../settings/useSettings";
import { strings } from "../../strings";
import { Outcome } from "./Outcome";
import type { Added } from "./Providers";
import styles from "./Providers.module.css";
import parts from "./parts.module.css";
import { idOf } from "./providerId";
import { Row } from "./Row";
import { useAttempt } from "./useAttempt";
import { useTrial } from "./useTrial";

const KINDS = ["openai-compatible", "openai-responses", "anthropic"] as const;
type Kind = (typeof KINDS)[number];

export interface ServerFormProps {
  readonly onAdded: (added: Added) => void;
}

export function ServerForm({ onAdded }: ServerFormProps) {
  const settings = useSettings();
  const { problem, attempt, isBusy } = useAttempt();
  const trial = useTrial();
  const [name, setName] = useState("");
  const [baseUrl, setBaseUrl] = useState("");
  const [kind, setKind] = useState<Kind>("openai-compatible");
  const [key, setKey] = useState("");
  const [isTrusted, setIsTrusted] = useState(false);
  const words = strings.preferences;
  const given = key.trim();
  const isPlain = isPlainHttp(baseUrl);
  const isWhole = idOf(name) !== "" && baseUrl.trim() !== "";

  function provider(): NewProvider {
    return {
      id: idOf(name),
      label: name.trim(),
      kind,
      baseUrl: baseUrl.trim(),
      allowPlainHttp: isPlain && isTrusted,
    };
  }

  async function add(): Promise<void> {
    const { id } = await settings.add(provider());
    let wrong: string | null = null;
    if (given !== "") await settings.setKey(id, given).catch((error) => (wrong = reasonOf(error)));
    onAdded({ id, problem: wrong });
  }

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (isWhole && !isBusy) attempt(add());
      }}
    >
      <Row label={strings.providerName}>
        {(names) => (
          <input
            {...names}
            // biome-ignore lint/a11y/noAutofocus: the form that somebody has asked for
            autoFocus
            dir="auto"
            maxLength={60}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Row>
      <Row label={strings.address} hint={words.addressHint}>
        {(names) => (
          <input
            {...names}
            type="text"
            inputMode="url"
            dir="ltr"
            spellCheck={false}
            value={baseUrl}
            onChange={(event) => setBaseUrl(event.target.value)}
          />
        )}
      </Row>
      {isPlain && (
        <label className={parts.check}>
          <input
            type="checkbox"
            checked={isTrusted}
            onChange={(event) => setIsTrusted(event.target.checked)}
          />
          {words.plainHttp}
        </label>
      )}
      <Row label={words.serverKind}>
        {(names) => (
          <select
            {...names}
            value={kind}
            onChange={({ target }) => setKind(KINDS.find((one) => one === target.value) ?? kind)}
          >
            {KINDS.map((one) => (
              <option key={one} value={one}>
                {words.serverKinds[one]}
              </option>
            ))}
          </select>
        )}
      </Row>
      <Row label={strings.keyIfAny}>
        {(names) => (
          <input
            {...names}
            type="password"
            autoComplete="off"
            spellCheck={false}
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        )}
      </Row>
      <Outcome trial={trial} />
      {problem !== null && (
        <p className={parts.bad} role="alert">
          {problem}
        </p>
      )}
      <div className={parts.buttons}>
        <button type="submit" className={parts.button} disabled={!isWhole || isBusy}>
          {strings.add}
        </button>
        <button
          type="button"
          className={parts.button}
          disabled={!isWhole || trial.isRunning}
          onClick={() =>
            void trial.run({ settings: provider(), ...(given === "" ? {} : { key: given }) })
          }
        >
          {strings.test}
        </button>
      </div>
    </form>
  );
}

/** The host asks for a word about it, where the way leads out of this machine. */
function isPlainHttp(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === "http:" && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}
