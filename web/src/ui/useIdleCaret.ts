/**
 * Stops the cursor's blinking after a while without input. Each blink repaints the page, which is most
 * of the cost of an idle page; GTK does the same.
 */
import { useEffect } from "react";

const STILL_AFTER_MS = 8_000;
const TOUCHES = ["keydown", "pointerdown", "pointermove", "wheel", "focusin", "input"] as const;

export function useIdleCaret(): void {
  useEffect(() => {
    const { dataset } = document.documentElement;
    let timer = 0;
    let due = 0;

    function look(): void {
      const left = due - performance.now();
      if (left > 0) timer = window.setTimeout(look, left);
      else {
        timer = 0;
        dataset.still = "";
      }
    }

    function touched(): void {
      // A pointer moves a hundred times a second: one timer serves them all.
      due = performance.now() + STILL_AFTER_MS;
      if (timer !== 0) return;
      delete dataset.still;
      timer = window.setTimeout(look, STILL_AFTER_MS);
    }

    touched();
    for (const name of TOUCHES) document.addEventListener(name, touched, { passive: true });
    return () => {
      window.clearTimeout(timer);
      delete dataset.still;
      for (const name of TOUCHES) document.removeEventListener(name, touched);
    };
  }, []);
}
