/** Lists the resources of servers, and attaches the chosen one. */

import { useEffect, useState } from "react";
import type { McpResource, McpResources } from "../../bridge/contract";
import { strings } from "../../i18n";
import { resources } from "../../i18n/resources";
import { withEscapes } from "../../lib/hiddenCharacters";
import { useSettings } from "../../settings/useSettings";
import { Dialog } from "../../ui/Dialog";
import formStyles from "../../ui/form/form.module.css";
import { TextField } from "../../ui/form/TextField";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { ItemForm } from "./ItemForm";
import styles from "./ServerDialog.module.css";

export interface ResourceDialogProps {
  readonly onFiles: (files: readonly File[]) => void;
  readonly onClose: () => void;
}

export function ResourceDialog({ onFiles, onClose }: ResourceDialogProps) {
  const { mcp } = useSettings();
  const [result, setResult] = useState<McpResources | null>(null);
  const [query, setQuery] = useState("");
  const [chosen, setChosen] = useState<McpResource | null>(null);
  const { problem, isBusy, attempt } = useAsyncAction();

  useEffect(() => attempt(mcp.resources().then(setResult)), [attempt, mcp]);

  const items = (result?.items ?? []).filter(({ server, name, uri, description }) =>
    `${server} ${name} ${uri} ${description}`.toLowerCase().includes(query.toLowerCase()),
  );
  return (
    <Dialog title={strings.tools.attach} onClose={onClose}>
      <section className={`${formStyles.body} ${styles.body}`}>
        {chosen !== null ? (
          <>
            <p className={formStyles.text}>{withEscapes(`${chosen.server}: ${chosen.uri}`)}</p>
            <ItemForm
              fields={chosen.fields}
              fetch={(values) =>
                mcp.readResource({ server: chosen.server, name: chosen.uri, values })
              }
              onInsert={(_, files) => onFiles(files)}
              onCancel={() => setChosen(null)}
            />
          </>
        ) : (
          <>
            <TextField
              label={strings.search}
              type="search"
              value={query}
              onChange={setQuery}
              isTall
            />
            {isBusy && <p role="status">{resources.loading}</p>}
            {result !== null && items.length === 0 && <p>{resources.none}</p>}
            <ul className={styles.list}>
              {items.map((item) => (
                <li key={`${item.server} ${item.uri}`}>
                  <button type="button" className="row-button" onClick={() => setChosen(item)}>
                    <span>{withEscapes(item.name)}</span>
                    <small>{withEscapes(`${item.server} · ${item.uri}`)}</small>
                  </button>
                </li>
              ))}
            </ul>
            {Object.entries(result?.problems ?? {}).map(([server, reason]) => (
              <Problem key={server}>{withEscapes(reason)}</Problem>
            ))}
            <Problem>{problem}</Problem>
          </>
        )}
        <p className={formStyles.text}>{resources.text}</p>
      </section>
    </Dialog>
  );
}
