/**
 * Edits a template, with its form beside it. The host checks the text. Unsaved text stays until the
 * editor is opened the next time, also after a reload.
 */
import { type KeyboardEvent, useCallback, useEffect, useId, useState } from "react";
import type { CheckedTemplate, SavedVersion, TemplateDetail } from "../../bridge/contract";
import { failureOf } from "../../bridge/hostError";
import { strings } from "../../i18n";
import { timeOf } from "../../i18n/format";
import { templates as texts } from "../../i18n/templates";
import { withEscapes } from "../../lib/hiddenCharacters";
import { createReloadedTexts } from "../../lib/reloadedTexts";
import { useSettings } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import formStyles from "../../ui/form/form.module.css";
import { TextField } from "../../ui/form/TextField";
import { useRequest } from "../../ui/form/useRequest";
import { Notice, Problem } from "../../ui/Problem";
import { Summary } from "../../ui/Summary";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { CodeArea, useGoTo } from "./CodeArea";
import { problemText } from "./problemText";
import { TemplatePreview } from "./TemplatePreview";
import styles from "./templates.module.css";

/** Pause after the last input before the text is checked. */
const CHECK_MS = 300;

/** Unsaved texts by the template's name, or that of the example of a new one. */
const unsaved = createReloadedTexts("tidewire.templates");
export const isUnsaved = (name: string): boolean => unsaved.has(name);

/** Moves the unsaved text of a template that gets another name. */
export function renameUnsaved(name: string, to: string): void {
  const text = unsaved.get(name);
  if (text !== undefined) unsaved.set(to, text);
  unsaved.delete(name);
}

type Checked = CheckedTemplate & { readonly text: string };

export interface TemplateEditorProps {
  /** Null for a new template. */
  readonly name: string | null;
  /** The initial content of a new template. */
  readonly example: { readonly name: string; readonly text: string };
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

export function TemplateEditor({ name: known, example, onSaved, onClose }: TemplateEditorProps) {
  const { templates } = useSettings();
  const [saved, setSaved] = useState<TemplateDetail | null>(null);
  const [newName, setNewName] = useState(example.name);
  const initialKey = known ?? `new:${example.name}`;
  const [text, setText] = useState(() => {
    return known === null ? (unsaved.get(initialKey) ?? example.text) : null;
  });
  /** The text of the person, while another version is shown. */
  const [mine, setMine] = useState<string | null>(null);
  const [versions, setVersions] = useState<readonly SavedVersion[]>([]);
  /** The last text without a problem. */
  const [sound, setSound] = useState<Checked | null>(null);
  const { reason: problem, isBusy, attempt } = useAsyncAction();
  const [isConflict, setIsConflict] = useState(false);
  const [isJustSaved, setIsJustSaved] = useState(false);
  const { box, goTo } = useGoTo(text ?? "");
  const hint = useId();
  const name = saved?.name ?? known;
  const key = name ?? initialKey;
  const canSave = text !== null && !isBusy && (name !== null || newName.trim() !== "");
  const before = saved?.text ?? (known === null ? example.text : null);

  useEffect(() => {
    if (known === null) return;
    const all = Promise.all([templates.get({ name: known }), templates.versions(known)]);
    const loading = all.then(([detail, list]) => {
      setSaved(detail);
      setText(unsaved.get(known) ?? detail.text);
      setVersions(list);
    });
    attempt(loading);
  }, [templates, known, attempt]);

  useEffect(() => {
    if (text === null || before === null) return;
    if ((mine ?? text) === before) unsaved.delete(key);
    else unsaved.set(key, mine ?? text);
  }, [text, mine, before, key]);

  const check = useCallback(async (): Promise<Checked | null> => {
    return text === null ? null : { text, ...(await templates.check(text)) };
  }, [templates, text]);
  const { value: checked, reason } = useRequest(check, text === before ? 0 : CHECK_MS);
  if (checked !== null && checked.problem === undefined && checked !== sound) setSound(checked);

  function edit(value: string): void {
    setText(value);
    setMine(null);
    setIsJustSaved(false);
  }

  async function save(): Promise<void> {
    if (!canSave) return;
    setIsConflict(false);
    try {
      const result =
        saved === null
          ? await templates.create({ name: newName.trim(), text })
          : await templates.save({ name: saved.name, text, version: saved.version });
      unsaved.delete(key);
      setSaved(result);
      setMine(null);
      setIsJustSaved(true);
      onSaved();
      setVersions(await templates.versions(result.name));
    } catch (error) {
      setIsConflict((failureOf(error).issues ?? []).some(({ path }) => path === "version"));
      throw error;
    }
  }

  /** Shows another version. The person's own text stays until that version is saved or changed. */
  function show(detail: TemplateDetail): void {
    setMine(mine ?? text);
    setText(detail.text);
    setIsJustSaved(false);
  }

  async function reload(): Promise<void> {
    if (saved === null) return;
    const now = await templates.get({ name: saved.name });
    setSaved(now);
    show(now);
    setIsConflict(false);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
    event.preventDefault();
    attempt(save());
  }

  const wrong = checked?.problem;
  const { line, column } = wrong ?? {};
  const wasUnsaved = mine === null && before !== null && text !== before;
  return (
    <Dialog
      title={name === null ? texts.newTemplate : texts.editOf(withEscapes(name))}
      className={styles.editor}
      onClose={onClose}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: Ctrl+S does what the button does */}
      <div className={styles.sides} onKeyDown={onKeyDown}>
        <section className={`${formStyles.section} ${styles.side}`} aria-label={texts.body}>
          {name === null && (
            <TextField
              label={strings.name}
              hint={texts.nameHint}
              value={newName}
              maxLength={200}
              onChange={setNewName}
            />
          )}
          {text !== null && (
            <CodeArea
              label={texts.body}
              value={text}
              onChange={edit}
              badLine={line}
              describedBy={hint}
              box={box}
            />
          )}
          <div id={hint} className="wrap" aria-live="polite">
            {wrong === undefined ? (
              <p className={formStyles.text}>{texts.help}</p>
            ) : (
              <>
                <Notice isBad>{problemText(wrong)}</Notice>
                {line !== undefined && (
                  <Button tone="quiet" onClick={() => goTo(line, column)}>
                    {texts.goToLine}
                  </Button>
                )}
              </>
            )}
          </div>
          {mine !== null && (
            <div className="wrap">
              <Notice>{texts.isEarlier}</Notice>
              <Button onClick={() => edit(mine)}>{texts.back}</Button>
            </div>
          )}
          <div className="wrap">
            <Button tone="filled" isFree={canSave} onClick={() => attempt(save())}>
              {strings.save}
            </Button>
            {wasUnsaved && (
              <Button tone="quiet" onClick={() => edit(before)}>
                {texts.discard}
              </Button>
            )}
            <span role="status" className="soft">
              {wasUnsaved ? texts.isUnsaved : isJustSaved && texts.saved}
            </span>
          </div>
          <Problem
            {...(isConflict && { action: { label: texts.reload, run: () => attempt(reload()) } })}
          >
            {problem ?? reason}
          </Problem>
          {versions.length > 0 && (
            <details>
              <Summary>{texts.versions}</Summary>
              <ul className={styles.list}>
                {versions.map(({ version, savedAt }) => (
                  <li key={`${version} ${savedAt}`}>
                    {timeOf(savedAt)}
                    <Button
                      aria-label={texts.showOf(timeOf(savedAt))}
                      onClick={() => attempt(templates.get({ name: key, version }).then(show))}
                    >
                      {texts.show}
                    </Button>
                  </li>
                ))}
              </ul>
            </details>
          )}
        </section>
        <section className={`${formStyles.section} ${styles.side}`} aria-label={texts.preview}>
          {sound !== null && (
            <TemplatePreview name={name ?? "new"} text={sound.text} inputs={sound.inputs} />
          )}
        </section>
      </div>
    </Dialog>
  );
}
