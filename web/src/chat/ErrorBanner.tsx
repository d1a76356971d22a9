/** ErrorBanner: what went wrong, what helps, and another try where one makes sense. */
import { useEffect, useState } from "react";
import type { ErrorCode } from "../bridge/contract";
import { hintFor, strings } from "../strings";
import styles from "./ErrorBanner.module.css";

/** The same words again cannot end better. Anything else may: a key can be mended meanwhile. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "VALIDATION",
  "INVALID_REQUEST",
  "CONTEXT_LENGTH",
  "CONTENT_FILTER",
  "UNSUPPORTED_PROVIDER",
]);

/** What is put right in the settings. */
const SETTABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "API_KEY_ERROR",
  "PERMISSION_DENIED",
  "MODEL_NOT_FOUND",
  "UNSUPPORTED_PROVIDER",
]);

export interface ShownFailure {
  readonly message: string;
  readonly code: ErrorCode;
  readonly retryAfterMs: number | null;
}

export interface ErrorBannerProps {
  readonly failure: ShownFailure;
  readonly onRetry: () => void;
  readonly onSettings?: (() => void) | undefined;
  readonly onDismiss?: (() => void) | undefined;
}

export function ErrorBanner({ failure, onRetry, onSettings, onDismiss }: ErrorBannerProps) {
  const { message, code, retryAfterMs } = failure;
  const hint = hintFor(code);
  return (
    <div className={`error ${styles.banner}`} data-code={code}>
      <div className={styles.text}>
        <p dir="auto">{strings.error(message)}</p>
        {hint !== null && <p className={styles.hint}>{hint}</p>}
        {retryAfterMs !== null && <Countdown key={retryAfterMs} ms={retryAfterMs} />}
      </div>
      <div className={styles.actions}>
        {onDismiss !== undefined && (
          <button type="button" className={styles.quiet} onClick={onDismiss}>
            {strings.dismiss}
          </button>
        )}
        {onSettings !== undefined && SETTABLE.has(code) && (
          <button type="button" onClick={onSettings}>
            {strings.openSettings}
          </button>
        )}
        {!HOPELESS.has(code) && (
          <button type="button" onClick={onRetry}>
            {strings.retry}
          </button>
        )}
      </div>
    </div>
  );
}

/** Counts the seconds down from when it is first shown. */
function Countdown({ ms }: { readonly ms: number }) {
  const [left, setLeft] = useState(ms);
  useEffect(() => {
    const due = performance.now() + ms;
    const timer = setInterval(() => {
      const now = Math.max(0, due - performance.now());
      setLeft(now);
      if (now === 0) clearInterval(timer);
    }, 1_000);
    return () => clearInterval(timer);
  }, [ms]);
  return <p className={styles.hint}>{left > 0 ? strings.retryIn(left) : strings.retryNow}</p>;
}
