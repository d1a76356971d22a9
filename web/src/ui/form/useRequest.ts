/** The result of a request, which is made again when it is another one; an earlier one no longer counts. */
import { useEffect, useState } from "react";
import { reasonOf } from "../../i18n";

export interface RequestResult<T> {
  /** The last result. It stays while the next request is under way, and when that fails. */
  readonly value: T | null;
  /** Whether `value` is what the present request gave. */
  readonly isCurrent: boolean;
  /** Why the last request failed. */
  readonly reason: string | null;
}

/**
 * Make `ask` with `useCallback`; with null nothing is asked. Nothing is asked before it has stayed the
 * same for `pauseMs`.
 */
export function useRequest<T>(
  ask: (() => Promise<T>) | null,
  pauseMs: number = 0,
): RequestResult<T> {
  const [last, setLast] = useState<{ readonly ask: typeof ask; readonly value: T } | null>(null);
  const [reason, setReason] = useState<string | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another pause is no other request
  useEffect(() => {
    if (ask === null) return;
    let isCurrent = true;
    const run = () =>
      ask().then(
        (value) => {
          if (!isCurrent) return;
          setLast({ ask, value });
          setReason(null);
        },
        (error) => isCurrent && setReason(reasonOf(error)),
      );
    const timer = pauseMs > 0 ? setTimeout(run, pauseMs) : void run();
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [ask]);

  return { value: last?.value ?? null, isCurrent: last !== null && last.ask === ask, reason };
}
