/** A row of buttons with one tab stop; the arrow keys move between them. */
import { type FocusEvent, type KeyboardEvent, type RefObject, useLayoutEffect } from "react";
import { moveFocus } from "../lib/listKeys";

export interface RovingFocus {
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onFocus: (event: FocusEvent) => void;
}

export function useRovingFocus(bar: RefObject<HTMLElement | null>): RovingFocus {
  function buttons(): HTMLButtonElement[] {
    const all = bar.current?.querySelectorAll("button") ?? [];
    // An open menu in the bar moves the focus through its items itself.
    return [...all].filter((button) => !button.disabled && !button.closest("[inert], [popover]"));
  }

  function stopAt(stop: Element | undefined): void {
    for (const button of buttons()) button.tabIndex = button === stop ? 0 : -1;
  }

  // After every render: buttons come and go.
  useLayoutEffect(() => {
    const all = buttons();
    const { activeElement } = document;
    const stop = all.find((button) => button === activeElement) ?? all[0];
    stopAt(stop);
    // A button that is disabled or removed passes the focus to its neighbor.
    const isInMenu = activeElement?.closest("[popover]");
    if (stop !== activeElement && !isInMenu && bar.current?.contains(activeElement)) stop?.focus();
  });

  return {
    onKeyDown(event) {
      moveFocus(event, buttons(), { axis: "inline", wraps: true });
    },
    onFocus(event) {
      const stop = buttons().find((button) => button === event.target);
      if (stop !== undefined) stopAt(stop);
    },
  };
}
