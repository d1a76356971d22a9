/** The status of a run. Renders when that changes, not when text arrives. */
import { useCallback, useSyncExternalStore } from "react";
import type { Run } from "./run";
import type { RunStatus } from "./runReducer";

export function useRunStatus(run: Run | null): RunStatus | "idle" {
  const subscribe = useCallback(
    (notify: () => void) => run?.subscribe(notify) ?? (() => {}),
    [run],
  );
  const get = () => run?.get().status ?? "idle";
  return useSyncExternalStore(subscribe, get, get);
}
