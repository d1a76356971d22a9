/** Limits how often a view reads a store that changes quickly. */

/** At every frame, at every event, or every so many milliseconds. */
export type Flush = "frame" | "event" | number;

export interface Throttle {
  /** Requests a flush. An urgent one runs at once and includes all changes that waited. */
  request(urgent: boolean): void;
  stop(): void;
}

/** A hidden or covered page paints no frames, so a timer replaces them. */
const NO_FRAME_MS = 200;

export function createThrottle(flush: Flush, run: () => void): Throttle {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let frame: number | undefined;

  function flushNow(): void {
    stop();
    run();
  }

  function stop(): void {
    if (timer !== undefined) clearTimeout(timer);
    if (frame !== undefined) cancelAnimationFrame(frame);
    timer = frame = undefined;
  }

  return {
    request(urgent) {
      if (urgent || flush === "event") flushNow();
      else if (timer === undefined) {
        timer = setTimeout(flushNow, flush === "frame" ? NO_FRAME_MS : flush);
        if (flush === "frame") frame = requestAnimationFrame(flushNow);
      }
    },
    stop,
  };
}
