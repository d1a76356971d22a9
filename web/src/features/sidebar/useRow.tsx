/** The keys and the naming of a row of the list: F2 names it, the arrow leads to its menu and back. */
import { type KeyboardEvent, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { arrowsOf } from "../../lib/direction";
import { InlineRename, type InlineRenameProps } from "../../ui/InlineRename";

export interface RowOptions extends Omit<InlineRenameProps, "onDone"> {
  readonly onRename: (name: string) => void;
}

/**
 * `button` is the row's; `takeKey` takes a key on it, and returns false when it is none of these;
 * `onBack` takes a key anywhere in the row. While the row is named, `box` replaces its content.
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

  /** Tab does not stop there: the row is one stop. */
  const more = () =>
    button.current?.closest("li, div")?.querySelector<HTMLElement>("[aria-haspopup]");

  function takeKey(event: KeyboardEvent): boolean {
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

  const naming = isNaming ? <InlineRename {...box} onDone={onNamed} /> : null;
  return { button, takeKey, onBack, rename, box: naming };
}
