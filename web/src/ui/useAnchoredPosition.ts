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
    const element = panel.current;
    if (!isOpen || element === null) return;
    /** Keeps the height when lines disappear, so that nothing in the panel moves. */
    const keepHeight = (): void => {
      element.style.minHeight = `${element.offsetHeight}px`;
    };
    /** The height at which the other side has more room. */
    let tight = Infinity;
    const position = (): void => {
      const anchor = button.current?.getBoundingClientRect();
      if (anchor === undefined) return;
      // Its present position may limit its size.
      Object.assign(element.style, { left: "0", minHeight: "", maxHeight: "" });
      const { offsetWidth: width, offsetHeight: height } = element;
      const above = anchor.top - 2 * GAP_PX;
      const below = window.innerHeight - anchor.bottom - 2 * GAP_PX;
      const isBelow = height <= below || below >= above;
      const room = Math.max(0, isBelow ? below : above);
      const start = isMirrored(element) ? anchor.right - width : anchor.left;
      const left = Math.max(GAP_PX, Math.min(start, window.innerWidth - width - GAP_PX));
      Object.assign(element.style, {
        left: `${left}px`,
        top: isBelow ? `${anchor.bottom + GAP_PX}px` : "auto",
        bottom: isBelow ? "auto" : `${window.innerHeight - anchor.top + GAP_PX}px`,
        maxHeight: `${room}px`,
      });
      tight = room < Math.max(above, below) ? Math.floor(room) : Infinity;
      keepHeight();
    };
    position();
    window.addEventListener("resize", position);
    const observer = new MutationObserver(() => {
      // Content that was added later may fit on the other side only.
      if (element.offsetHeight >= tight) position();
      else keepHeight();
    });
    observer.observe(element, { childList: true, subtree: true });
    return () => {
      window.removeEventListener("resize", position);
      observer.disconnect();
    };
  }, [panel, button, isOpen]);
}
