/** A panel above its button, inside of the window, until somebody presses elsewhere. */
import { type RefObject, useEffect, useLayoutEffect } from "react";
import { isMirrored } from "../lib/direction";

const GAP_PX = 8;

export function useAnchoredPosition(
  panel: RefObject<HTMLElement | null>,
  button: HTMLElement | null,
  onClose: () => void,
): void {
  useLayoutEffect(() => {
    const element = panel.current;
    if (element === null || button === null) return;
    const place = (): void => {
      const { left, right, top } = button.getBoundingClientRect();
      element.style.minHeight = "";
      const start = isMirrored(element) ? right - element.offsetWidth : left;
      const most = window.innerWidth - element.offsetWidth - GAP_PX;
      element.style.left = `${Math.max(GAP_PX, Math.min(start, most))}px`;
      element.style.bottom = `${window.innerHeight - top + GAP_PX}px`;
      element.style.maxHeight = `${Math.max(0, top - 2 * GAP_PX)}px`;
    };
    place();
    window.addEventListener("resize", place);
    return () => window.removeEventListener("resize", place);
  }, [panel, button]);

  // What is found by fewer letters leaves the field where it was.
  useLayoutEffect(() => {
    const element = panel.current;
    if (element !== null) element.style.minHeight = `${element.offsetHeight}px`;
  });

  useEffect(() => {
    function onPointerDown(event: PointerEvent): void {
      const target = event.target as Node;
      if (!panel.current?.contains(target) && !button?.contains(target)) onClose();
    }
    document.addEventListener("pointerdown", onPointerDown);
    return () => document.removeEventListener("pointerdown", onPointerDown);
  }, [panel, button, onClose]);
}
