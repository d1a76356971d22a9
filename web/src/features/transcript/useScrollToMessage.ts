/** Scrolls to the search result and marks it. */
import { useEffect, useRef } from "react";
import type { ConversationState } from "../../conversations/conversation";
import { useConversations } from "../../conversations/useConversations";
import { mark, rangesOf, wordsOf } from "./highlightMatches";
import type { StickToBottom } from "./useStickToBottom";

const SHOWN_MS = 2_400;

export function useScrollToMessage(
  target: ConversationState["target"],
  follow: StickToBottom,
): void {
  const lastTarget = useRef(target);
  const { shown } = useConversations();
  const { content, stopFollowing } = follow;
  useEffect(() => {
    if (target === null || target === lastTarget.current) return;
    lastTarget.current = target;
    const row = content.current?.querySelector<HTMLElement>(
      `[data-row="${CSS.escape(target.key)}"]`,
    );
    if (row == null) return;
    stopFollowing();
    row.dataset.found = "";
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
    // Rows between had estimated heights until they came into view.
    const frame = requestAnimationFrame(() => row.scrollIntoView({ block: "center" }));
    const timer = setTimeout(() => delete row.dataset.found, SHOWN_MS);
    // The match stays highlighted until the person moves on.
    const unmark = mark("sought", rangesOf(row, wordsOf(shown.get().searchText)));
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      delete row.dataset.found;
      unmark();
    };
  }, [target, content, stopFollowing, shown]);
}
