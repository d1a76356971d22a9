/** Settings for data: location, archive, import and export. */
import { useEffect, useState } from "react";
import type { Place } from "../../bridge/contract";
import { settingsTexts as words } from "../../i18n/settings";
import { useSettings } from "../../settings/useSettings";
import parts from "../../ui/form/form.module.css";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { Backups } from "./Backups";
import { ExportAll } from "./ExportAll";
import { ImportFile } from "./ImportFile";
import { RecordRequests } from "./RecordRequests";

const NAMES = ["data", "settings", "backups", "exports"] as const;

export function Data() {
  const settings = useSettings();
  const [place, setPlace] = useState<Place | null>(null);
  const { problem, attempt } = useAsyncAction();

  useEffect(() => attempt(settings.place().then(setPlace)), [settings, attempt]);

  return (
    <>
      <section className={parts.section}>
        <h3>{words.place}</h3>
        <p className={parts.text}>{words.placeText}</p>
        {place !== null && (
          <dl className={parts.facts}>
            {NAMES.map((name) => (
              <div key={name}>
                <dt>{words.places[name]}</dt>
                <dd dir="ltr">{place[name]}</dd>
              </div>
            ))}
          </dl>
        )}
        <Problem>{problem}</Problem>
      </section>
      <section className={parts.section}>
        <h3>{words.requests}</h3>
        <RecordRequests />
      </section>
      <Backups />
      <ImportFile />
      <ExportAll />
    </>
  );
}
