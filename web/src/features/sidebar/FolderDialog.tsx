/** Chooses an existing or new folder for a conversation. */
import { type KeyboardEvent, useRef, useState } from "react";
import type { ConversationSummary } from "../../bridge/contract";
import { foldersOf } from "../../conversations/groups";
import { useList } from "../../conversations/useList";
import { locale, strings } from "../../i18n";
import { isComposing } from "../../lib/ime";
import { moveFocus } from "../../lib/listKeys";
import { Dialog } from "../../ui/Dialog";
import { CheckIcon, FolderIcon, PlusIcon } from "../../ui/icons";
import styles from "./FolderDialog.module.css";
import type { ConversationActions } from "./useConversationActions";

export interface FolderDialogProps {
  readonly item: ConversationSummary;
  readonly actions: ConversationActions;
  readonly onClose: () => void;
}

export function FolderDialog({ item, actions, onClose }: FolderDialogProps) {
  const folders = foldersOf(useList().items, locale);
  const dialog = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState("");
  const title = item.title === "" ? strings.untitled : item.title;
  const name = typed.trim();
  const words = name.toLowerCase();
  const isExact = (folder: string) => folder.toLowerCase() === words;
  const exact = folders.filter(isExact).sort((a, b) => Number(b === name) - Number(a === name));
  const isFound = (folder: string) => folder.toLowerCase().includes(words) && !isExact(folder);
  const isNew = name !== "" && !folders.includes(name);

  function onKeyDown(event: KeyboardEvent): void {
    // Here Escape closes the dialog, and must not stop an answer.
    event.stopPropagation();
    if (isComposing(event)) return;
    const stops = dialog.current?.querySelectorAll<HTMLElement>("input, li button") ?? [];
    const isInBox = document.activeElement === stops[0];
    // In the text field, Home and End move the cursor.
    if (event.key.startsWith("Arrow") || !isInBox) moveFocus(event, stops);
    if (event.key !== "Enter" || !isInBox) return;
    event.preventDefault();
    if (name !== "") stops[1]?.click();
  }

  /** Null for no folder. */
  function move(folder: string | null): void {
    onClose();
    actions.move(item, folder);
  }

  const rowOf = (folder: string) => (
    <li key={`in ${folder}`}>
      <button type="button" className="row-button" onClick={() => move(folder)}>
        <FolderIcon />
        <span className="aligned" dir="auto">
          {folder}
        </span>
        {folder === item.folder && (
          <small className="row faint">
            <CheckIcon />
            {strings.folders.isHere}
          </small>
        )}
      </button>
    </li>
  );

  return (
    <Dialog title={strings.folders.title(title)} className={styles.dialog} isBare onClose={onClose}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys move between the buttons inside */}
      <div ref={dialog} className={styles.body} onKeyDown={onKeyDown}>
        <h2 className="aligned" dir="auto">
          {strings.folders.title(title)}
        </h2>
        <input
          type="text"
          aria-label={strings.folders.find}
          placeholder={strings.folders.find}
          dir="auto"
          maxLength={100}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <ul className="scroll">
          {/* Enter takes the first: the folder of that name, or else a new one. */}
          {exact.map(rowOf)}
          {isNew && (
            <li>
              <button type="button" className="row-button" onClick={() => move(name)}>
                <PlusIcon />
                <span className="aligned" dir="auto">
                  {strings.folders.create(name)}
                </span>
              </button>
            </li>
          )}
          {folders.filter(isFound).map(rowOf)}
          {item.folder !== null && name === "" && (
            <li>
              <button type="button" className="row-button" onClick={() => move(null)}>
                <span className="muted">{strings.folders.out}</span>
              </button>
            </li>
          )}
        </ul>
        {folders.length === 0 && name === "" && <p className="soft">{strings.folders.none}</p>}
      </div>
    </Dialog>
  );
}
