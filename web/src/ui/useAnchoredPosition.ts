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
    /** With fewer lines than before it stays as high as it was: nothing in it moves. */
    const hold = (): void => {
      element.style.minHeight = `${element.offsetHeight}px`;
    };
    /** The height at which the other side has more room. */
    let tight = Infinity;
    const place = (): void => {
      const anchor = button.current?.getBoundingClientRect();
      if (anchor === undefined) return;
      // Where it stands now may leave it no room for its size.
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
      hold();
    };
    place();
    window.addEventListener("resize", place);
    const observer = new MutationObserver(() => {
      // What came later may have room on the other side alone.
      if (element.offsetHeight >= tight) place();
      else hold();
    });
    observer.observe(element, { childList: true, subtree: true });
    return () => {
      window.removeEventListener("resize", place);
      observer.disconnect();
    };
  }, [panel, button, isOpen]);
}
