/** How a run stands; renders when that changes, not when text arrives. */
import { useCallback, useSyncExternalStore } from "react";
import type { Run } from "./run";
import type { RunStatus } from "./runReducer";

export function useRunStatus(run: Run | null): RunStatus | "idle" {
  const subscribe = useCallback(
    (notify: () => void) => run?.subscribe(notify) ?? (() => {}),
    [run],
  );
  return useSyncExternalStore(subscribe, () => run?.get().status ?? "idle");
}
