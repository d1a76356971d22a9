/** Settings for data: location, stored requests, backups, import and export. */
import { useState } from "react";
import type { ExportRequest } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { strings } from "../../i18n";
import { settingsTexts as words } from "../../i18n/settings";
import { download } from "../../lib/download";
import { useSettings } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { FilePicker } from "../../ui/form/FilePicker";
import formStyles from "../../ui/form/form.module.css";
import { useRequest } from "../../ui/form/useRequest";
import { Notice, Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { useIsBrowser } from "../../ui/useIsBrowser";
import { useImport } from "../sidebar/useImport";
import { Backups } from "./Backups";
import { RecordRequests } from "./RecordRequests";

const NAMES = ["data", "settings", "backups", "exports"] as const;
const FORMATS: readonly ExportRequest["format"][] = ["json", "md", "html"];

export function Data() {
  const { value: place, reason } = useRequest(useSettings().place);

  return (
    <>
      <section className={formStyles.section}>
        <h3>{words.place}</h3>
        <p className={formStyles.text}>{words.placeText}</p>
        {place !== null && (
          <dl className={formStyles.facts}>
            {NAMES.map((name) => (
              <div key={name}>
                <dt>{words.places[name]}</dt>
                <dd dir="ltr">{place[name]}</dd>
              </div>
            ))}
          </dl>
        )}
        <Problem>{reason && strings.refusedAction(reason)}</Problem>
      </section>
      <section className={formStyles.section}>
        <h3>{words.requests}</h3>
        <RecordRequests />
      </section>
      <Backups />
      <ImportFile />
      <ExportAll />
    </>
  );
}

/** Imports conversations from files. Progress is shown in a toast, which outlives this dialog. */
function ImportFile() {
  const importFiles = useImport();
  return (
    <section className={formStyles.section}>
      <h3>{words.importTitle}</h3>
      <div className={formStyles.row}>
        <p className={formStyles.text}>{words.importText}</p>
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

/** Exports every conversation to one file. */
function ExportAll() {
  const { conversations } = useConversations().client;
  const isBrowser = useIsBrowser();
  const [notice, setNotice] = useState<string | null>(null);
  const { problem, isBusy, attempt } = useAsyncAction();

  async function write(format: ExportRequest["format"]): Promise<void> {
    setNotice(null);
    if (isBrowser) {
      const file = await conversations.export({ format });
      download(file);
      setNotice(words.exportedAs(file.name));
    } else setNotice(strings.exported(await conversations.exportFile({ format })));
  }

  return (
    <section className={formStyles.section}>
      <h3>{words.exportTitle}</h3>
      <div className={formStyles.row}>
        <p className={formStyles.text}>{words.exportText}</p>
        <div className="wrap">
          {FORMATS.map((format) => (
            <Button key={format} isFree={!isBusy} onClick={() => attempt(write(format))}>
              {words.exportFormats[format]}
            </Button>
          ))}
        </div>
      </div>
      <Notice>{notice}</Notice>
      <Problem>{problem}</Problem>
    </section>
  );
}
