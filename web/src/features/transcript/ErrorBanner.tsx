/** An error, a remedy, and a retry where one makes sense. */
import { useEffect, useState } from "react";
import type { ErrorCode } from "../../bridge/contract";
import type { MessageFailure } from "../../conversations/message";
import { hintFor, quoteOf, sentenceOf, strings } from "../../i18n";
import type { Section } from "../../settings/sections";
import { useOpenSettings, useSettings } from "../../settings/useSettings";
import buttons from "../../ui/buttons.module.css";
import { useComposer } from "../composer/composerHandle";
import styles from "./ErrorBanner.module.css";
import { FetchModel } from "./FetchModel";
import { useRecovery } from "./useRecovery";

/** Errors that the same request would cause again. After any other, a retry may succeed. */
const NOT_RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "VALIDATION",
  "INVALID_REQUEST",
  "CONTEXT_LENGTH",
  "CONTENT_FILTER",
  "UNSUPPORTED_PROVIDER",
]);

/** Errors after which the local model can still answer. */
const LOCAL_MODEL_HELPS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "API_KEY_ERROR",
  "NETWORK_ERROR",
]);

/** The settings section in which an error can be fixed. */
const SECTION_OF: Partial<Record<ErrorCode, Section>> = {
  PERMISSION_DENIED: "providers",
  MODEL_NOT_FOUND: "providers",
  UNSUPPORTED_PROVIDER: "providers",
  TIMEOUT: "answers",
  STREAM_TIMEOUT: "answers",
};

/** Errors after which another model may succeed. */
const OTHER_MODEL_HELPS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
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

export interface ErrorBannerProps {
  readonly failure: MessageFailure;
  readonly onRetry: () => void;
  readonly onDismiss?: (() => void) | undefined;
}

export function ErrorBanner({ failure, onRetry, onDismiss }: ErrorBannerProps) {
  const { code, retryAfterMs, retryAt = null } = failure;
  const { isOtherChosen, startNewChat: startAnew, provider, chooseLocal } = useRecovery();
  const openSettings = useOpenSettings();
  const { requestKey } = useSettings();
  const composer = useComposer();
  const hint = hintFor(code);
  const quote = quoteOf(failure.words);
  const section = SECTION_OF[code];
  const remedies: readonly [isOffered: boolean, label: string, act: () => void][] = [
    [section !== undefined, strings.openSettings, () => openSettings(section)],
    [code === "API_KEY_ERROR", strings.setKey, setKey],
    [LOCAL_MODEL_HELPS.has(code) && chooseLocal !== null, strings.askLocal, askLocal],
    [OTHER_MODEL_HELPS.has(code), strings.otherModel, () => composer.current?.openModels()],
    [code === "CONTEXT_LENGTH", strings.askInNewChat, startAnew],
    [!NOT_RETRYABLE.has(code) || isOtherChosen, strings.retry, onRetry],
  ];

  function setKey(): void {
    requestKey(provider);
    openSettings("providers");
  }

  function askLocal(): void {
    chooseLocal?.();
    onRetry();
  }

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
        {code === "LOCAL_MODEL_MISSING" && <FetchModel onReady={onRetry} />}
        {remedies.map(
          ([isOffered, label, act]) =>
            isOffered && (
              <button key={label} type="button" onClick={act}>
                {label}
              </button>
            ),
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
  const [waitMs] = useState(() => (at === null ? (ms ?? 0) : at - Date.now()));
  const [leftMs, setLeftMs] = useState(waitMs);
  useEffect(() => {
    if (waitMs <= 0) return;
    const due = performance.now() + waitMs;
    const timer = setInterval(() => {
      const now = Math.max(0, due - performance.now());
      setLeftMs(now);
      if (now === 0) clearInterval(timer);
    }, 1_000);
    return () => clearInterval(timer);
  }, [waitMs]);
  if (waitMs <= 0) return null;
  return <p className="muted">{leftMs > 0 ? strings.retryIn(leftMs) : strings.retryNow}</p>;
}
