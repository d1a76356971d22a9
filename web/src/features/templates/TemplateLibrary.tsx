/** The templates of the person: finds, edits, moves, imports and exports them. */
import { useCallback, useEffect, useRef, useState } from "react";
import type { TemplateSummary } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { reasonOf, strings } from "../../i18n";
import { templates as texts } from "../../i18n/templates";
import { download } from "../../lib/download";
import { withEscapes } from "../../lib/hiddenCharacters";
import { useSettings } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { FilePicker } from "../../ui/form/FilePicker";
import formStyles from "../../ui/form/form.module.css";
import { InlineRename } from "../../ui/InlineRename";
import { MoreIcon } from "../../ui/icons";
import { Menu } from "../../ui/Menu";
import { Notice, Problem } from "../../ui/Problem";
import { useToasts } from "../../ui/toasts/toastStore";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { useIsBrowser } from "../../ui/useIsBrowser";
import { problemText } from "./problemText";
import {
  isUnsaved,
  renameUnsaved,
  TemplateEditor,
  type TemplateEditorProps,
} from "./TemplateEditor";
import styles from "./templates.module.css";

type Edited = Pick<TemplateEditorProps, "name" | "example">;
const [FIRST] = texts.examples;

export function TemplateLibrary() {
  const { templates } = useSettings();
  const { saveText } = useConversations().client.conversations;
  const toasts = useToasts();
  const isBrowser = useIsBrowser();
  const [all, setAll] = useState<readonly TemplateSummary[] | null>(null);
  const [query, setQuery] = useState("");
  const [edited, setEdited] = useState<Edited | null>(null);
  const [notice, setNotice] = useState<string | null>(null);
  const [importProblem, setImportProblem] = useState<string | null>(null);
  const { problem, attempt } = useAsyncAction();

  const load = useCallback(async () => setAll(await templates.list()), [templates]);
  useEffect(() => attempt(load()), [attempt, load]);

  const attemptAndLoad = (act: Promise<unknown>) => attempt(act.finally(() => load()));

  function remove(name: string): void {
    const done = templates.remove(name);
    attemptAndLoad(done);
    const run = () => attemptAndLoad(templates.restore(name));
    toasts.showWhenDone(done, texts.removedToast(withEscapes(name)), { label: strings.undo, run });
  }

  async function rename(name: string, to: string): Promise<void> {
    const renamed = await templates.rename({ name, to });
    renameUnsaved(name, renamed.name);
  }

  async function exportFile(name: string): Promise<void> {
    const { text } = await templates.get({ name });
    const file = { name: `${name.split("/").at(-1)}.md`, text };
    if (isBrowser) download({ ...file, mediaType: "text/markdown" });
    else setNotice(strings.exported(await saveText(file)));
  }

  async function importFiles(chosen: readonly File[]): Promise<void> {
    const names: string[] = [];
    const problems: string[] = [];
    for (const file of chosen) {
      try {
        const imported = await templates.importFile({ name: file.name, text: await file.text() });
        names.push(...imported.map(({ name }) => name));
      } catch (error) {
        problems.push(`${file.name}: ${reasonOf(error)}`);
      }
    }
    setNotice(names.length === 0 ? null : withEscapes(texts.imported(names.join(", "))));
    setImportProblem(problems.length === 0 ? null : withEscapes(problems.join(" ")));
    await load();
  }

  const words = query.trim().toLowerCase();
  const found = (all ?? []).filter(({ name, title, description }) =>
    `${name}\n${title}\n${description}`.toLowerCase().includes(words),
  );
  return (
    <section className={formStyles.section}>
      <h3>{strings.sections.templates}</h3>
      <p className={formStyles.text}>{texts.text}</p>
      <div className="wrap">
        {all !== null && all.length > 0 && (
          <input
            type="search"
            className={styles.search}
            aria-label={texts.search}
            placeholder={texts.search}
            dir="auto"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
          />
        )}
        <Button tone="filled" onClick={() => FIRST && setEdited({ name: null, example: FIRST })}>
          {texts.newTemplate}
        </Button>
        <FilePicker
          multiple
          aria-label={texts.importLabel}
          accept=".md,.txt,.yaml,.yml,.json,.prompty"
          onFiles={(chosen) => attempt(importFiles(chosen))}
        >
          {(open) => <Button onClick={open}>{texts.importFile}</Button>}
        </FilePicker>
      </div>
      <Problem>{problem ?? importProblem}</Problem>
      <Notice>{notice}</Notice>
      {all?.length === 0 && (
        <>
          <p className={formStyles.text}>{texts.none}</p>
          <div className="wrap">
            {texts.examples.map((example) => (
              <Button key={example.name} onClick={() => setEdited({ name: null, example })}>
                {example.label}
              </Button>
            ))}
          </div>
        </>
      )}
      <p className={words === "" ? "visually-hidden" : formStyles.text} role="status">
        {words !== "" &&
          (found.length === 0 ? texts.nothingFound(query.trim()) : texts.count(found.length))}
      </p>
      {foldersOf(found).map(([folder, items]) => (
        <div key={folder}>
          {folder !== "" && <h4 className={styles.folder}>{withEscapes(folder)}</h4>}
          <ul className={styles.list} aria-label={folder || strings.sections.templates}>
            {items.map((item) => (
              <Row
                key={item.name}
                item={item}
                onEdit={() => FIRST && setEdited({ name: item.name, example: FIRST })}
                onRename={(to) => attemptAndLoad(rename(item.name, to))}
                onDuplicate={() => attemptAndLoad(templates.duplicate(item.name))}
                onExport={() => attempt(exportFile(item.name))}
                onRemove={() => remove(item.name)}
              />
            ))}
          </ul>
        </div>
      ))}
      {edited !== null && (
        <TemplateEditor
          {...edited}
          onSaved={() => attempt(load())}
          onClose={() => setEdited(null)}
        />
      )}
    </section>
  );
}

interface RowProps {
  readonly item: TemplateSummary;
  readonly onEdit: () => void;
  readonly onRename: (to: string) => void;
  readonly onDuplicate: () => void;
  readonly onExport: () => void;
  readonly onRemove: () => void;
}

function Row({ item, onEdit, onRename, onDuplicate, onExport, onRemove }: RowProps) {
  const { name, title, description, problem } = item;
  const [isRenaming, setIsRenaming] = useState(false);
  const row = useRef<HTMLLIElement>(null);
  const shown = withEscapes(name);
  return (
    <li ref={row}>
      {isRenaming ? (
        <InlineRename
          label={texts.renameLabel}
          name={name}
          maxLength={200}
          onDone={(to, isByKey) => {
            setIsRenaming(false);
            if (to !== null) onRename(to);
            else if (isByKey) row.current?.querySelector("button")?.focus();
          }}
        />
      ) : (
        <div className={formStyles.words}>
          <bdi>{withEscapes(title)}</bdi>{" "}
          <small className="faint" dir="ltr">
            /{shown}
          </small>
          {isUnsaved(name) && <small className="faint"> · {texts.isUnsaved}</small>}
          {description !== "" && <p>{withEscapes(description)}</p>}
        </div>
      )}
      <span className="wrap">
        <Button aria-label={texts.editOf(shown)} onClick={onEdit}>
          {strings.edit}
        </Button>
        <Menu
          label={texts.more(shown)}
          icon={<MoreIcon />}
          items={[
            { label: texts.duplicate, run: onDuplicate },
            { label: texts.rename, run: () => setIsRenaming(true) },
            { label: texts.exportFile, run: onExport },
            { label: strings.delete, isDestructive: true, isApart: true, run: onRemove },
          ]}
        />
      </span>
      {problem !== undefined && <Problem>{problemText(problem)}</Problem>}
    </li>
  );
}

/** Groups the templates by folder; those without one come first. */
function foldersOf(items: readonly TemplateSummary[]): [string, TemplateSummary[]][] {
  const folders = new Map<string, TemplateSummary[]>([["", []]]);
  for (const item of items) {
    const folder = item.name.split("/").slice(0, -1).join("/");
    folders.set(folder, [...(folders.get(folder) ?? []), item]);
  }
  return [...folders].filter(([, found]) => found.length > 0);
}
