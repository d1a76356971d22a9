/** Takes the reader to the message that was looked for, and shows which it is. */
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
  const seen = useRef(target);
  const { shown } = useConversations();
  const { content, leave } = follow;
  useEffect(() => {
    if (target === null || target === seen.current) return;
    seen.current = target;
    const row = content.current?.querySelector<HTMLElement>(
      `[data-row="${CSS.escape(target.key)}"]`,
    );
    if (row == null) return;
    leave();
    row.dataset.found = "";
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
    // Rows on the way were only as high as was guessed, until they came into view.
    const frame = requestAnimationFrame(() => row.scrollIntoView({ block: "center" }));
    const timer = setTimeout(() => delete row.dataset.found, SHOWN_MS);
    // The words stay marked until somebody goes on from here.
    const unmark = mark("sought", rangesOf(row, wordsOf(shown.get().sought)));
    return () => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      delete row.dataset.found;
      unmark();
    };
  }, [target, content, leave, shown]);
}
