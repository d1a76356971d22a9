/** The messages of a conversation, including the one that is being written. */
import { type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import type { Conversation } from "../../conversations/conversation";
import { isBusy } from "../../conversations/machine";
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { ErrorBoundary } from "../../ui/ErrorBoundary";
import { DownIcon } from "../../ui/icons";
import { Problem } from "../../ui/Problem";
import { MessageRow } from "./MessageRow";
import styles from "./Transcript.module.css";
import type { StickToBottom } from "./useStickToBottom";

export interface TranscriptProps {
  readonly conversation: Conversation;
  readonly follow: StickToBottom;
  /** Content after the last message, or instead of all messages. */
  readonly children: ReactNode;
}

export function Transcript({ conversation, follow, children }: TranscriptProps) {
  const state = useStore(conversation);
  const { messages, earlier, pending } = state;
  const last = messages.at(-1);
  useScrollAnchor(follow, messages);
  return (
    <TranscriptFrame follow={follow}>
      {earlier > 0 && (
        <Earlier key={messages[0]} frame={follow.frame} onSeen={conversation.loadEarlier} />
      )}
      {rowGroupsOf(messages, earlier).map(({ number, ids }) => (
        <div key={number} className={ids.at(-1) === last ? styles.last : styles.group}>
          {ids.map((id) => (
            <ErrorBoundary key={id} fallback={failedMessage}>
              <MessageRow
                id={id}
                conversation={conversation}
                isLast={id === last}
                isBusy={isBusy(state)}
                showsFailure={id === last && pending?.failure == null}
              />
            </ErrorBoundary>
          ))}
        </div>
      ))}
      {children}
    </TranscriptFrame>
  );
}

/** The scroll area, with a button to its end. */
export function TranscriptFrame({ follow, children }: Omit<TranscriptProps, "conversation">) {
  return (
    <div className={styles.place}>
      {/* Streamed text is not announced word by word: the status line announces what happens. */}
      <div
        ref={follow.frame}
        className={`messages ${styles.frame} ${follow.isFollowing ? styles.following : ""}`}
        role="log"
        aria-live="off"
        aria-label={strings.conversation}
        // A scrollable area must be reachable by keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        tabIndex={0}
      >
        <div ref={follow.content} className={styles.column}>
          {children}
        </div>
      </div>
      {!follow.isFollowing && (
        <button type="button" className={styles.jump} onClick={follow.jumpToEnd}>
          <DownIcon />
          {strings.jumpToEnd}
        </button>
      )}
    </div>
  );
}

const failedMessage = (retry: () => void) => (
  <Problem action={{ label: strings.tryAgain, run: retry }}>{strings.partFailed.message}</Problem>
);

/** Rows per group: an update of one row skips the other groups. */
const GROUP = 32;

interface RowGroup {
  /** Counted from the conversation's first message, so that earlier ones change no other group. */
  readonly number: number;
  readonly ids: readonly string[];
}

function rowGroupsOf(messages: readonly string[], earlier: number): RowGroup[] {
  const groups: RowGroup[] = [];
  for (let first = 0; first < messages.length; ) {
    const number = Math.floor((earlier + first) / GROUP);
    const end = (number + 1) * GROUP - earlier;
    groups.push({ number, ids: messages.slice(first, end) });
    first = end;
  }
  return groups;
}

/** Distance of the reader from the first message at which earlier ones are fetched. */
const AHEAD = "1200px 0px 0px 0px";

interface EarlierProps {
  readonly frame: StickToBottom["frame"];
  readonly onSeen: () => Promise<void>;
}

/** Comes into view before the first message, and fetches earlier ones. */
function Earlier({ frame, onSeen }: EarlierProps) {
  const line = useRef<HTMLParagraphElement>(null);
  useEffect(() => {
    if (line.current === null) return;
    const options = { root: frame.current, rootMargin: AHEAD };
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) void onSeen();
    }, options);
    observer.observe(line.current);
    return () => observer.disconnect();
  }, [frame, onSeen]);
  return (
    <p ref={line} className={styles.earlier}>
      {strings.loadingEarlier}
    </p>
  );
}

/** Keeps the view still when earlier messages are added, if the web view does not do so itself. */
function useScrollAnchor(
  { frame, content, isFollowing }: StickToBottom,
  messages: readonly string[],
) {
  const before = useRef<{ row: Element; top: number } | null>(null);
  useLayoutEffect(() => {
    if (typeof CSS === "undefined" || CSS.supports("overflow-anchor", "auto")) return;
    const anchor = before.current;
    if (anchor?.row.isConnected && !isFollowing && frame.current !== null) {
      frame.current.scrollTop += topOf(anchor.row) - anchor.top;
    }
    const row = content.current?.querySelector(`[data-row="${CSS.escape(messages[0] ?? "")}"]`);
    before.current = row ? { row, top: topOf(row) } : null;
  }, [frame, content, isFollowing, messages]);
}

const topOf = (row: Element): number => (row instanceof HTMLElement ? row.offsetTop : 0);
