/** Which folder a conversation goes into: one that there is, or a new one. */
import { type KeyboardEvent, useRef, useState } from "react";
import type { ConversationSummary } from "../../bridge/contract";
import { strings } from "../../i18n";
import { isComposing } from "../../lib/ime";
import { Dialog } from "../../ui/Dialog";
import { CheckIcon, FolderIcon, PlusIcon } from "../../ui/icons";
import styles from "./FolderDialog.module.css";

export interface FolderDialogProps {
  readonly item: ConversationSummary;
  readonly folders: readonly string[];
  /** Null for no folder; undefined when it stays where it is. */
  readonly onDone: (folder: string | null | undefined) => void;
}

export function FolderDialog({ item, folders, onDone }: FolderDialogProps) {
  const dialog = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState("");
  const title = item.title === "" ? strings.untitled : item.title;
  const name = typed.trim();
  const words = name.toLowerCase();
  const isMeant = (folder: string) => folder.toLowerCase() === words;
  const meant = folders.filter(isMeant).sort((a, b) => Number(b === name) - Number(a === name));
  const isFound = (folder: string) => folder.toLowerCase().includes(words) && !isMeant(folder);
  const isNew = name !== "" && !folders.includes(name);

  function onKeyDown(event: KeyboardEvent): void {
    // Escape is the dialog's here, and stops no answer.
    event.stopPropagation();
    if (isComposing(event)) return;
    const all = [...(dialog.current?.querySelectorAll<HTMLElement>("input, li button") ?? [])];
    const here = all.indexOf(document.activeElement as HTMLElement);
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && here === 0) {
      if (name !== "") all[1]?.click();
    } else if (by !== undefined) all[Math.max(0, Math.min(here + by, all.length - 1))]?.focus();
    else return;
    event.preventDefault();
  }

  const rowOf = (folder: string) => (
    <li key={`in ${folder}`}>
      <button type="button" onClick={() => onDone(folder)}>
        <FolderIcon />
        <span dir="auto">{folder}</span>
        {folder === item.folder && (
          <small>
            <CheckIcon />
            {strings.folders.isHere}
          </small>
        )}
      </button>
    </li>
  );

  return (
    <Dialog
      title={strings.folders.title(title)}
      className={styles.dialog}
      isBare
      onClose={() => onDone(undefined)}
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys go through what is in it */}
      <div ref={dialog} className={styles.body} onKeyDown={onKeyDown}>
        <h2 dir="auto">{strings.folders.title(title)}</h2>
        <input
          type="text"
          aria-label={strings.folders.find}
          placeholder={strings.folders.find}
          dir="auto"
          maxLength={100}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <ul>
          {/* The first is what Enter takes: the folder of that name, else a new one. */}
          {meant.map(rowOf)}
          {isNew && (
            <li>
              <button type="button" onClick={() => onDone(name)}>
                <PlusIcon />
                <span dir="auto">{strings.folders.create(name)}</span>
              </button>
            </li>
          )}
          {folders.filter(isFound).map(rowOf)}
          {item.folder !== null && name === "" && (
            <li>
              <button type="button" onClick={() => onDone(null)}>
                <span className={styles.out}>{strings.folders.out}</span>
              </button>
            </li>
          )}
        </ul>
        {folders.length === 0 && name === "" && <p>{strings.folders.none}</p>}
      </div>
    </Dialog>
  );
}
