/** A row of buttons that the tab key visits once; the arrows go from one to the next. */
import { type FocusEvent, type KeyboardEvent, type RefObject, useLayoutEffect } from "react";
import { moveFocus } from "../lib/listKeys";

export interface RovingFocus {
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onFocus: (event: FocusEvent) => void;
}

export function useRovingFocus(bar: RefObject<HTMLElement | null>): RovingFocus {
  function buttons(): HTMLButtonElement[] {
    return [...(bar.current?.querySelectorAll<HTMLButtonElement>("button:enabled") ?? [])];
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
    // What cannot be pressed any more gives the focus to its neighbour.
    if (stop !== activeElement && bar.current?.contains(activeElement)) stop?.focus();
  });

  return {
    onKeyDown(event) {
      moveFocus(event, buttons(), { axis: "inline", wraps: true });
    },
    onFocus(event) {
      stopAt(event.target);
    },
  };
}
