/** Moves the focus to the open dialog, or to the message box, when the focused element is removed. */
import { type RefObject, useEffect } from "react";
import { dialogs } from "../lib/overlays";

/** Code that knows a better target has moved the focus before this runs. */
export function useFocusFallback(box: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    let active: Element | null = null;
    const onFocusIn = ({ target }: FocusEvent) => {
      active = target instanceof Element ? target : null;
    };
    // Not every web view fires a blur event when it removes the focused element.
    const observer = new MutationObserver(() => {
      if (active === null || active.isConnected || document.activeElement !== document.body) return;
      active = null;
      (dialogs.get().at(-1) ?? box.current)?.focus();
    });
    document.addEventListener("focusin", onFocusIn);
    observer.observe(document.body, { childList: true, subtree: true });
    return () => {
      document.removeEventListener("focusin", onFocusIn);
      observer.disconnect();
    };
  }, [box]);
}
