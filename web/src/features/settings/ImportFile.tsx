/** Imports conversations from files. Progress is shown in a toast, which outlives this dialog. */
import { useRef } from "react";
import { settingsTexts } from "../../i18n/settings";
import { Button } from "../../ui/Button";
import parts from "../../ui/form/form.module.css";
import { useImport } from "../sidebar/useImport";

export function ImportFile() {
  const importFiles = useImport();
  const field = useRef<HTMLInputElement>(null);
  const words = settingsTexts;
  return (
    <section className={parts.section}>
      <h3>{words.importTitle}</h3>
      <div className={parts.row}>
        <p className={parts.text}>{words.importText}</p>
        <Button onClick={() => field.current?.click()}>{words.chooseFile}</Button>
      </div>
      <input
        ref={field}
        type="file"
        hidden
        multiple
        aria-label={words.importTitle}
        accept=".json,.zip"
        onChange={({ target }) => {
          importFiles([...(target.files ?? [])]);
          target.value = "";
        }}
      />
    </section>
  );
}
