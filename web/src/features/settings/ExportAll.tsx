/** Exports every conversation to one file. */
import { useState } from "react";
import type { ExportRequest } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { strings } from "../../i18n";
import { settingsTexts } from "../../i18n/settings";
import { download } from "../../lib/download";
import { Button } from "../../ui/Button";
import parts from "../../ui/form/form.module.css";
import { Notice, Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { useDownloads } from "../../ui/useDownloads";

const FORMATS: readonly ExportRequest["format"][] = ["json", "md", "html"];

export function ExportAll() {
  const { conversations } = useConversations().client;
  const downloads = useDownloads();
  const [said, setSaid] = useState<string | null>(null);
  const { problem, isBusy, attempt } = useAsyncAction();
  const words = settingsTexts;

  async function write(format: ExportRequest["format"]): Promise<void> {
    setSaid(null);
    if (downloads) {
      const file = await conversations.export({ format });
      download(file);
      setSaid(words.exportedAs(file.name));
    } else setSaid(strings.exported(await conversations.exportFile({ format })));
  }

  return (
    <section className={parts.section}>
      <h3>{words.exportTitle}</h3>
      <div className={parts.row}>
        <p className={parts.text}>{words.exportText}</p>
        <div className={parts.buttons}>
          {FORMATS.map((format) => (
            <Button key={format} isFree={!isBusy} onClick={() => attempt(write(format))}>
              {words.exportFormats[format]}
            </Button>
          ))}
        </div>
      </div>
      <Notice>{said}</Notice>
      <Problem>{problem}</Problem>
    </section>
  );
}
