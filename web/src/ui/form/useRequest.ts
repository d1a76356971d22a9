/** Sends a request, and again whenever it changes. Replies to earlier requests are ignored. */
import { useEffect, useState } from "react";
import { reasonOf } from "../../i18n";
import { useHostRetry } from "./useHostRetry";

interface Last<T> {
  /** The request that returned `value`. */
  readonly request: (() => Promise<T>) | null;
  /** The last result. It stays while the next request is under way, and when that fails. */
  readonly value: T | null;
  /** Why the last request failed. */
  readonly reason: string | null;
}

/**
 * Create `request` with `useCallback`; null sends nothing. It is sent once it has stayed the same
 * for `pauseMs`, and once more when the host was lost and answers again. `isCurrent` says whether the
 * present request returned the value.
 */
export function useRequest<T>(request: (() => Promise<T>) | null, pauseMs: number = 0) {
  const [last, setLast] = useState<Last<T>>({ request: null, value: null, reason: null });
  const { attempt, willRetry } = useHostRetry();

  // biome-ignore lint/correctness/useExhaustiveDependencies: another pause is no new request
  useEffect(() => {
    if (request === null) return;
    let isWanted = true;
    const run = () =>
      request().then(
        (value) => isWanted && setLast({ request, value, reason: null }),
        (error) => {
          if (!isWanted) return;
          willRetry(error);
          setLast((before) => ({ ...before, reason: reasonOf(error) }));
        },
      );
    const timer = pauseMs > 0 ? setTimeout(run, pauseMs) : void run();
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [request, attempt]);

  return { ...last, isCurrent: last.request === request };
}
