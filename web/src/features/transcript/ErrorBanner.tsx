/** What went wrong, what helps, and another try where one makes sense. */
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

/** The same words again cannot end better. Anything else may: a key can be mended meanwhile. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "VALIDATION",
  "INVALID_REQUEST",
  "CONTEXT_LENGTH",
  "CONTENT_FILTER",
  "UNSUPPORTED_PROVIDER",
]);

/** Where the model on this computer can still answer. */
const LOCALLY: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["API_KEY_ERROR", "NETWORK_ERROR"]);

/** What is put right in the settings, and where. */
const SETTABLE: Partial<Record<ErrorCode, Section>> = {
  PERMISSION_DENIED: "providers",
  MODEL_NOT_FOUND: "providers",
  UNSUPPORTED_PROVIDER: "providers",
  TIMEOUT: "answers",
  STREAM_TIMEOUT: "answers",
};

/** Where somebody else may well answer. */
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
  /** The same as a time, in milliseconds since the epoch, of what failed some while ago. */
  readonly retryAt?: number | null;
  readonly reason?: Reason | null | undefined;
  /** The provider's own. */
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
          <p className={`aligned ${styles.hint}`} dir="auto">
            {quote}
          </p>
        )}
        {hint !== null && <p className={styles.hint}>{hint}</p>}
        <Countdown key={`${retryAfterMs} ${retryAt}`} ms={retryAfterMs} at={retryAt} />
      </div>
      <div className={`${buttons.pills} ${styles.actions}`}>
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
  /** To be counted from when it is first shown. */
  readonly ms: number | null;
  readonly at: number | null;
}

/** Counts the seconds down; says nothing of a wait that was over before anybody looked. */
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
  return <p className={styles.hint}>{left > 0 ? strings.retryIn(left) : strings.retryNow}</p>;
}
