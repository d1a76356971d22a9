/** The keys and renaming of a list row: F2 renames it, arrow keys lead to its menu and back. */
import { type KeyboardEvent, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { arrowsOf } from "../../lib/direction";
import { InlineRename, type InlineRenameProps } from "../../ui/InlineRename";

export interface RowOptions extends Omit<InlineRenameProps, "onDone"> {
  readonly onRename: (name: string) => void;
}

/**
 * `button` is the row's button. `handleKey` handles a key on it, and returns false for other keys.
 * `onBack` handles a key anywhere in the row. While the row is renamed, `box` replaces its content.
 */
export function useRow({ onRename, ...box }: RowOptions) {
  const button = useRef<HTMLButtonElement>(null);
  const [isNaming, setIsNaming] = useState(false);
  const rename = () => setIsNaming(true);

  function onNamed(name: string | null, isByKey: boolean): void {
    flushSync(() => setIsNaming(false));
    if (isByKey) button.current?.focus();
    if (name !== null) onRename(name);
  }

  /** The menu button. It is no tab stop: the row has only one. */
  const more = () =>
    button.current?.closest("li, div")?.querySelector<HTMLElement>("[aria-haspopup]");

  function handleKey(event: KeyboardEvent): boolean {
    const { key } = event;
    if (key === "F2") rename();
    else if (key === arrowsOf(event.currentTarget).forward) more()?.focus();
    else if (key === "ContextMenu" || (key === "F10" && event.shiftKey)) more()?.click();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  function onBack(event: KeyboardEvent): void {
    if (event.key !== arrowsOf(event.currentTarget).back) return;
    if (event.target === button.current) return;
    event.preventDefault();
    button.current?.focus();
  }

  const renameBox = isNaming ? <InlineRename {...box} onDone={onNamed} /> : null;
  return { button, handleKey, onBack, rename, box: renameBox };
}
