/** The result of a request, which is made again when it is another one; an earlier one no longer counts. */
import { useEffect, useState } from "react";
import { reasonOf } from "../../i18n";

interface Last<T> {
  /** What gave `value`. */
  readonly ask: (() => Promise<T>) | null;
  /** The last result. It stays while the next request is under way, and when that fails. */
  readonly value: T | null;
  /** Why the last request failed. */
  readonly reason: string | null;
}

/**
 * Make `ask` with `useCallback`; with null nothing is asked. Nothing is asked before it has stayed the
 * same for `pauseMs`. `isCurrent` says whether the present request gave the value.
 */
export function useRequest<T>(ask: (() => Promise<T>) | null, pauseMs: number = 0) {
  const [last, setLast] = useState<Last<T>>({ ask: null, value: null, reason: null });

  // biome-ignore lint/correctness/useExhaustiveDependencies: another pause is no other request
  useEffect(() => {
    if (ask === null) return;
    let isWanted = true;
    const run = () =>
      ask().then(
        (value) => isWanted && setLast({ ask, value, reason: null }),
        (error) => isWanted && setLast((before) => ({ ...before, reason: reasonOf(error) })),
      );
    const timer = pauseMs > 0 ? setTimeout(run, pauseMs) : void run();
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [ask]);

  return { ...last, isCurrent: last.ask === ask };
}
