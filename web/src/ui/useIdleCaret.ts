/**
 * Stops the cursor's blinking after a while without input. Each blink repaints the page, which is most
 * of the cost of an idle page; GTK does the same.
 */
import { useEffect } from "react";

const IDLE_MS = 8_000;
const EVENTS = ["keydown", "pointerdown", "pointermove", "wheel", "focusin", "input"] as const;

export function useIdleCaret(): void {
  useEffect(() => {
    const { dataset } = document.documentElement;
    let timer = 0;
    let idleAt = 0;

    function checkIdle(): void {
      const remainingMs = idleAt - performance.now();
      if (remainingMs > 0) timer = window.setTimeout(checkIdle, remainingMs);
      else {
        timer = 0;
        dataset.still = "";
      }
    }

    function onActivity(): void {
      // A pointer moves a hundred times a second: one timer serves them all.
      idleAt = performance.now() + IDLE_MS;
      if (timer !== 0) return;
      delete dataset.still;
      timer = window.setTimeout(checkIdle, IDLE_MS);
    }

    onActivity();
    for (const name of EVENTS) document.addEventListener(name, onActivity, { passive: true });
    return () => {
      window.clearTimeout(timer);
      delete dataset.still;
      for (const name of EVENTS) document.removeEventListener(name, onActivity);
    };
  }, []);
}
