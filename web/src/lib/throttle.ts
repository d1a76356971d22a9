/** Limits how often a view reads a store that changes quickly. */

/** At every frame, at every event, or every so many milliseconds. */
export type Flush = "frame" | "event" | number;

export interface Throttle {
  /** Reports a change. An urgent one is passed on at once, with all that waited. */
  ask(urgent: boolean): void;
  stop(): void;
}

/** A hidden or covered page paints no frames, so a timer replaces them. */
const NO_FRAME_MS = 200;

export function createThrottle(flush: Flush, run: () => void): Throttle {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let frame: number | undefined;

  function now(): void {
    stop();
    run();
  }

  function stop(): void {
    if (timer !== undefined) clearTimeout(timer);
    if (frame !== undefined) cancelAnimationFrame(frame);
    timer = frame = undefined;
  }

  return {
    ask(urgent) {
      if (urgent || flush === "event") now();
      else if (timer === undefined) {
        timer = setTimeout(now, flush === "frame" ? NO_FRAME_MS : flush);
        if (flush === "frame") frame = requestAnimationFrame(now);
      }
    },
    stop,
  };
}
