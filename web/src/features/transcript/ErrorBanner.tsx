/** An error, a remedy, and a retry where one makes sense. */
import { useEffect, useState } from "react";
import type { ErrorCode, Reason } from "../../bridge/contract";
import { hintFor, quoteOf, sentenceOf, strings } from "../../i18n";
import type { Section } from "../../settings/sections";
import { useOpenSettings, useSettings } from "../../settings/useSettings";
import buttons from "../../ui/buttons.module.css";
import { useComposer } from "../composer/composerHandle";
import styles from "./ErrorBanner.module.css";
import { FetchModel } from "./FetchModel";
import { useRecovery } from "./useRecovery";

/** Errors that the same request would cause again. After any other, a retry may succeed. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "VALIDATION",
  "INVALID_REQUEST",
  "CONTEXT_LENGTH",
  "CONTENT_FILTER",
  "UNSUPPORTED_PROVIDER",
]);

/** Errors after which the local model can still answer. */
const LOCALLY: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["API_KEY_ERROR", "NETWORK_ERROR"]);

/** The settings section in which an error can be fixed. */
const SETTABLE: Partial<Record<ErrorCode, Section>> = {
  PERMISSION_DENIED: "providers",
  MODEL_NOT_FOUND: "providers",
  UNSUPPORTED_PROVIDER: "providers",
  TIMEOUT: "answers",
  STREAM_TIMEOUT: "answers",
};

/** Errors after which another model may succeed. */
const ELSEWHERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "API_KEY_ERROR",
  "CONTEXT_LENGTH",
  "CONTENT_FILTER",
  "INSUFFICIENT_QUOTA",
  "MODEL_NOT_FOUND",
  "NETWORK_ERROR",
  "OVERLOADED",
  "PERMISSION_DENIED",
  "RATE_LIMIT",
  "UNSUPPORTED_PROVIDER",
]);

export interface ShownFailure {
  readonly message: string;
  readonly code: ErrorCode;
  readonly retryAfterMs: number | null;
  /** The same as a point in time, in milliseconds since the epoch, for an earlier failure. */
  readonly retryAt?: number | null;
  readonly reason?: Reason | null | undefined;
  /** The provider's own error text. */
  readonly words?: string | null | undefined;
}

export interface ErrorBannerProps {
  readonly failure: ShownFailure;
  readonly onRetry: () => void;
  readonly onDismiss?: (() => void) | undefined;
}

export function ErrorBanner({ failure, onRetry, onDismiss }: ErrorBannerProps) {
  const { code, retryAfterMs, retryAt = null } = failure;
  const { isOtherChosen, startAnew, provider, chooseLocal } = useRecovery();
  const openSettings = useOpenSettings();
  const { wantKey } = useSettings();
  const composer = useComposer();
  const hint = hintFor(code);
  const quote = quoteOf(failure.words);
  const section = SETTABLE[code];
  return (
    <div className={`error ${styles.banner}`} data-code={code}>
      <div className={styles.text}>
        <p className="aligned" dir="auto">
          {strings.error(sentenceOf(failure))}
        </p>
        {quote !== null && (
          <p className="aligned muted" dir="auto">
            {quote}
          </p>
        )}
        {hint !== null && <p className="muted">{hint}</p>}
        <Countdown key={`${retryAfterMs} ${retryAt}`} ms={retryAfterMs} at={retryAt} />
      </div>
      <div className={`wrap ${buttons.pills} ${styles.actions}`}>
        {onDismiss !== undefined && (
          <button type="button" className={styles.quiet} onClick={onDismiss}>
            {strings.dismiss}
          </button>
        )}
        {section !== undefined && (
          <button type="button" onClick={() => openSettings(section)}>
            {strings.openSettings}
          </button>
        )}
        {code === "API_KEY_ERROR" && (
          <button
            type="button"
            onClick={() => {
              wantKey(provider);
              openSettings("providers");
            }}
          >
            {strings.setKey}
          </button>
        )}
        {LOCALLY.has(code) && chooseLocal !== null && (
          <button
            type="button"
            onClick={() => {
              chooseLocal();
              onRetry();
            }}
          >
            {strings.askLocal}
          </button>
        )}
        {code === "LOCAL_MODEL_MISSING" && <FetchModel onHere={onRetry} />}
        {ELSEWHERE.has(code) && (
          <button type="button" onClick={() => composer.current?.openModels()}>
            {strings.otherModel}
          </button>
        )}
        {code === "CONTEXT_LENGTH" && (
          <button type="button" onClick={startAnew}>
            {strings.askInNewChat}
          </button>
        )}
        {(!HOPELESS.has(code) || isOtherChosen) && (
          <button type="button" onClick={onRetry}>
            {strings.retry}
          </button>
        )}
      </div>
    </div>
  );
}

interface CountdownProps {
  /** Counted from when the banner is first shown. */
  readonly ms: number | null;
  readonly at: number | null;
}

/** Counts the seconds down; shows nothing if the wait was over before the first render. */
function Countdown({ ms, at }: CountdownProps) {
  const [left, setLeft] = useState(() => (at === null ? (ms ?? 0) : at - Date.now()));
  const [isWaiting] = useState(left > 0);
  useEffect(() => {
    if (!isWaiting) return;
    const due = performance.now() + (at === null ? (ms ?? 0) : at - Date.now());
    const timer = setInterval(() => {
      const now = Math.max(0, due - performance.now());
      setLeft(now);
      if (now === 0) clearInterval(timer);
    }, 1_000);
    return () => clearInterval(timer);
  }, [isWaiting, ms, at]);
  if (!isWaiting) return null;
  return <p className="muted">{left > 0 ? strings.retryIn(left) : strings.retryNow}</p>;
}
