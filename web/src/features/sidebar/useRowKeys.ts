/** The keys of a row of the list: F2 names it, the arrow leads to its menu and back. */
import { type KeyboardEvent, useRef } from "react";
import { arrowsOf } from "../../lib/direction";

/**
 * `button` is the row's; `takeKey` takes a key on it, and returns false when it is none of these;
 * `onBack` takes a key anywhere in the row.
 */
export function useRowKeys(rename: () => void) {
  const button = useRef<HTMLButtonElement>(null);

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

  return { button, takeKey, onBack };
}
