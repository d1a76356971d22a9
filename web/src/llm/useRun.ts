/** The state of one run, rendered at most once per frame by default. */
import { useCallback, useSyncExternalStore } from "react";
import { createThrottle, type Flush } from "../lib/throttle";
import type { Run } from "./run";
import { hasEnded, type RunState } from "./runReducer";

export function useRun(run: Run, flush: Flush = "frame"): RunState {
  const subscribe = useCallback(
    (notify: () => void) => {
      const throttle = createThrottle(flush, notify);
      const stop = run.subscribe((state, previous) => {
        throttle.request(hasEnded(state) || state.status !== previous.status);
      });
      return () => {
        stop();
        throttle.stop();
      };
    },
    [run, flush],
  );
  return useSyncExternalStore(subscribe, run.get, run.get);
}
