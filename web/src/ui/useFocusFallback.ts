/** Where what had the focus is taken away, it goes to the open dialog, or to the box. */
import { type RefObject, useEffect } from "react";
import { dialogs } from "../lib/overlays";

/** What knows a better place has moved the focus before this looks. */
export function useFocusFallback(box: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    let held: Element | null = null;
    const onFocusIn = ({ target }: FocusEvent) => {
      held = target instanceof Element ? target : null;
    };
    // Not every web view says that what it takes away has lost the focus.
    const observer = new MutationObserver(() => {
      if (held === null || held.isConnected || document.activeElement !== document.body) return;
      held = null;
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
