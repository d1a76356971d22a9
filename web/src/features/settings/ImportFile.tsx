/** Imports conversations from files. Progress is shown in a toast, which outlives this dialog. */
import { settingsTexts as words } from "../../i18n/settings";
import { Button } from "../../ui/Button";
import { FilePicker } from "../../ui/form/FilePicker";
import parts from "../../ui/form/form.module.css";
import { useImport } from "../sidebar/useImport";

export function ImportFile() {
  const importFiles = useImport();
  return (
    <section className={parts.section}>
      <h3>{words.importTitle}</h3>
      <div className={parts.row}>
        <p className={parts.text}>{words.importText}</p>
        <FilePicker
          multiple
          aria-label={words.importTitle}
          accept=".json,.zip"
          onFiles={importFiles}
        >
          {(open) => <Button onClick={open}>{words.chooseFile}</Button>}
        </FilePicker>
      </div>
    </section>
  );
}
