/** FileForm: a model that runs in this program, by its file of weights. */
import { useState } from "react";
import type { NewProvider } from "../../bridge/contract";
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

const LEAST_CONTEXT = 512;
const MOST_CONTEXT = 1_048_576;

export interface FileFormProps {
  readonly onAdded: (added: Added) => void;
}

export function FileForm({ onAdded }: FileFormProps) {
  const settings = useSettings();
  const { problem, attempt, isBusy } = useAttempt();
  const trial = useTrial();
  const [file, setFile] = useState("");
  const [name, setName] = useState("");
  const [context, setContext] = useState("");
  const words = strings.preferences;
  const label = name.trim() === "" ? nameOf(file) : name.trim();
  const isWhole = idOf(label) !== "" && file.trim() !== "";

  function provider(): NewProvider {
    const contextTokens = context === "" ? null : Number(context);
    return { id: idOf(label), label, kind: "gguf", file: file.trim(), contextTokens };
  }

  async function add(): Promise<void> {
    const { id } = await settings.add(provider());
    onAdded({ id, problem: null });
  }

  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (isWhole && !isBusy) attempt(add());
      }}
    >
      <Row label={words.filePath} hint={words.filePathHint} isTall>
        {(names) => (
          <input
            {...names}
            // biome-ignore lint/a11y/noAutofocus: the form that somebody has asked for
            autoFocus
            className={styles.path}
            dir="ltr"
            spellCheck={false}
            value={file}
            onChange={(event) => setFile(event.target.value)}
          />
        )}
      </Row>
      <Row label={strings.providerName}>
        {(names) => (
          <input
            {...names}
            dir="auto"
            maxLength={60}
            placeholder={nameOf(file)}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Row>
      <Row label={words.contextTokens} hint={words.contextHint}>
        {(names) => (
          <>
            <input
              {...names}
              className={parts.number}
              type="number"
              min={LEAST_CONTEXT}
              max={MOST_CONTEXT}
              value={context}
              onChange={(event) => setContext(event.target.value)}
            />
            <span className={parts.unit}>{words.tokens}</span>
          </>
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
          onClick={() => void trial.run({ settings: provider() })}
        >
          {strings.test}
        </button>
      </div>
    </form>
  );
}

/** The file's own name, without the folders and the ending. */
function nameOf(path: string): string {
  const last = path.trim().split(/[/\\]/).pop() ?? "";
  return last.replace(/\.gguf$/i, "").slice(0, 60);
}
