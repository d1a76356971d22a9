/** Conversations out of a file, with how far that is. */
import { useRef, useState } from "react";
import { useConversations } from "../../conversations/useConversations";
import { importFailure, remarkOf, strings } from "../../i18n";
import parts from "../../ui/form/form.module.css";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";

interface Running {
  readonly name: string;
  readonly part: number;
  readonly cancel: () => void;
}

export function ImportFile() {
  const { importFile } = useConversations();
  const field = useRef<HTMLInputElement>(null);
  const [running, setRunning] = useState<Running | null>(null);
  const [said, setSaid] = useState<readonly string[]>([]);
  const [failed, setFailed] = useState<string | null>(null);
  const { problem, attempt } = useAsyncAction();
  const wrong = problem ?? failed;
  const words = strings.preferences;

  async function take(file: File): Promise<void> {
    setSaid([]);
    setFailed(null);
    const tell = (part: number) => setRunning((now) => now && { ...now, part });
    const { result, cancel } = importFile(file, tell);
    setRunning({ name: file.name, part: 0, cancel });
    try {
      const told = await result;
      const { state, conversations, messages, skipped, warnings, remarks } = told;
      if (state === "failed") return setFailed(strings.refusedAction(importFailure(told)));
      const words = strings.imported(conversations, messages, skipped);
      setSaid(
        state === "cancelled"
          ? [strings.importCancelled]
          : [words, ...(remarks?.map(remarkOf) ?? warnings)],
      );
    } finally {
      setRunning(null);
    }
  }

  return (
    <section className={parts.section}>
      <h3>{words.importTitle}</h3>
      <div className={parts.row}>
        <p className={parts.text}>{words.importText}</p>
        {running === null ? (
          <button type="button" className={parts.button} onClick={() => field.current?.click()}>
            {words.chooseFile}
          </button>
        ) : (
          <button type="button" className={parts.button} onClick={running.cancel}>
            {strings.cancel}
          </button>
        )}
      </div>
      <input
        ref={field}
        type="file"
        hidden
        aria-label={words.importTitle}
        accept=".json,.zip"
        onChange={({ target }) => {
          const file = target.files?.[0];
          target.value = "";
          if (file !== undefined) attempt(take(file));
        }}
      />
      {running !== null && (
        <>
          <progress
            className={parts.progress}
            aria-label={words.importTitle}
            value={running.part}
            max={1}
          />
          <p className={parts.text}>
            {strings.importing(running.name, Math.round(running.part * 100))}
          </p>
        </>
      )}
      {said.map((text) => (
        <p key={text} role="status">
          {text}
        </p>
      ))}
      <Problem>{wrong}</Problem>
    </section>
  );
}
