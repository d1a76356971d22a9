/** Positions a panel at its button and inside the window: below it, or above if there is more room. */
import { type RefObject, useLayoutEffect } from "react";
import { isMirrored } from "../lib/direction";

const GAP_PX = 6;

export function useAnchoredPosition(
  panel: RefObject<HTMLElement | null>,
  button: RefObject<HTMLElement | null>,
  isOpen: boolean,
): void {
  useLayoutEffect(() => {
    if (!isOpen) return;
    const place = (): void => {
      const element = panel.current;
      const anchor = button.current?.getBoundingClientRect();
      if (element === null || anchor === undefined) return;
      element.style.minHeight = "";
      const { offsetWidth: width, offsetHeight: height } = element;
      const above = anchor.top - 2 * GAP_PX;
      const below = window.innerHeight - anchor.bottom - 2 * GAP_PX;
      const isBelow = height <= below || below >= above;
      const start = isMirrored(element) ? anchor.right - width : anchor.left;
      const left = Math.max(GAP_PX, Math.min(start, window.innerWidth - width - GAP_PX));
      Object.assign(element.style, {
        left: `${left}px`,
        top: isBelow ? `${anchor.bottom + GAP_PX}px` : "auto",
        bottom: isBelow ? "auto" : `${window.innerHeight - anchor.top + GAP_PX}px`,
        maxHeight: `${Math.max(0, isBelow ? below : above)}px`,
      });
    };
    place();
    window.addEventListener("resize", place);
    return () => window.removeEventListener("resize", place);
  }, [panel, button, isOpen]);

  // With fewer lines it keeps its height, so that nothing in it moves.
  useLayoutEffect(() => {
    const element = panel.current;
    if (element !== null) element.style.minHeight = `${element.offsetHeight}px`;
  });
}
