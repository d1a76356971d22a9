/**
 * Says above the composer that calls wait for a decision, here or in a conversation that is not open;
 * in the background, by the page's title.
 */
import { useEffect, useSyncExternalStore } from "react";
import { useConversations } from "../../conversations/useConversations";
import { useList, useShownId } from "../../conversations/useList";
import { useMessage } from "../../conversations/useMessage";
import { useStore } from "../../conversations/useStore";
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
  const { parts = [], budget, live = true } = useMessage(row) ?? {};
  const calls = parts.flatMap((part) => (part.type === "tool" && part.call ? [part.call] : []));
  const waiting = calls.filter(
    ({ state, elicitation }) => state === "waiting" || elicitation?.elicitation,
  );
  const [first] = waiting;
  const isAway = useIsAway();
  const conversations = useConversations();
  const other = useOtherWaiting();
  const isMarked = other !== undefined || (first !== undefined && isAway);

  useEffect(() => {
    document.title = isMarked ? strings.tools.titleMark(title) : title;
  }, [title, isMarked]);

  const tag = isAway ? (first?.callId ?? other?.conversationId) : undefined;
  const tool = first?.tool ?? other?.tool ?? "";
  useEffect(() => notify(tag, tool), [tag, tool]);

  const goTo = (go: () => void) => (
    <button type="button" className={buttons.pill} onClick={go}>
      {strings.tools.goToCard}
    </button>
  );
  return (
    // Always present, so that a screen reader announces its changes.
    <div className={styles.banner} aria-live="polite">
      {(first !== undefined || (budget !== undefined && !live)) && (
        <>
          {first === undefined ? strings.finish.budget : strings.tools.waiting(waiting.length)}
          {goTo(focusWaitingCard)}
        </>
      )}
      {first === undefined && other !== undefined && (
        <>
          <span>{strings.tools.waitingIn(other.title)}</span>
          {goTo(() => conversations.show(other.conversationId))}
        </>
      )}
    </div>
  );
}

/** A conversation that is not open, and in which calls wait. */
function useOtherWaiting() {
  const { waiting } = useConversations();
  const { items } = useList();
  const openId = useShownId();
  const all = useStore(waiting).flatMap((entry) => {
    const item = items.find(({ id }) => id === entry.conversationId && id !== openId);
    return item === undefined ? [] : [{ ...entry, title: item.title || strings.untitled }];
  });
  return all[0];
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
function notify(tag: string | undefined, tool: string): (() => void) | undefined {
  if (tag === undefined || typeof Notification === "undefined") return undefined;
  if (Notification.permission !== "granted") return undefined;
  const body = strings.tools.notification(withEscapes(tool));
  const notification = new Notification(strings.tools.waiting(1), { body, tag });
  notification.addEventListener("click", () => window.focus());
  return () => notification.close();
}
