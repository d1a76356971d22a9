/**
 * Announces calls that wait for a decision: above the composer and, in the background, in the page's
 * title.
 */
import { useEffect, useSyncExternalStore } from "react";
import { useMessage } from "../../conversations/useMessage";
import { strings } from "../../i18n";
import { withEscapes } from "../../lib/hiddenCharacters";
import buttons from "../../ui/buttons.module.css";
import { focusWaitingCard } from "./focusWaitingCard";
import styles from "./WaitingBanner.module.css";

export interface WaitingBannerProps {
  /** The key of the newest message. */
  readonly row: string;
  /** The page's title while nothing waits. */
  readonly title: string;
}

export function WaitingBanner({ row, title }: WaitingBannerProps) {
  const parts = useMessage(row)?.parts ?? [];
  const calls = parts.flatMap((part) => (part.type === "tool" && part.call ? [part.call] : []));
  const waiting = calls.filter(({ state }) => state === "waiting");
  const [first] = waiting;
  const isAway = useIsAway();
  const isMarked = first !== undefined && isAway;

  useEffect(() => {
    document.title = isMarked ? strings.tools.titleMark(title) : title;
  }, [title, isMarked]);

  const { callId, tool = "" } = first ?? {};
  useEffect(() => {
    if (isMarked && callId !== undefined) return notify(callId, tool);
    return undefined;
  }, [isMarked, callId, tool]);

  return (
    // Always present, so that a screen reader announces its changes.
    <div className={styles.banner} aria-live="polite">
      {first !== undefined && (
        <>
          {strings.tools.waiting(waiting.length)}
          <button type="button" className={buttons.pill} onClick={focusWaitingCard}>
            {strings.tools.goToCard}
          </button>
        </>
      )}
    </div>
  );
}

/** Whether the page is in the background. */
function useIsAway(): boolean {
  return useSyncExternalStore(subscribe, () => !document.hasFocus() || document.hidden);
}

function subscribe(notify: () => void): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  addEventListener("focus", notify, { signal });
  addEventListener("blur", notify, { signal });
  document.addEventListener("visibilitychange", notify, { signal });
  return () => stop.abort();
}

/** Only if notifications are permitted already: it never asks for permission. */
function notify(tag: string, tool: string): (() => void) | undefined {
  if (typeof Notification === "undefined" || Notification.permission !== "granted")
    return undefined;
  const body = strings.tools.notification(withEscapes(tool));
  const notification = new Notification(strings.tools.waiting(1), { body, tag });
  notification.addEventListener("click", () => window.focus());
  return () => notification.close();
}
