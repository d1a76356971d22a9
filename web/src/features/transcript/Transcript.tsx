/** The messages of a conversation, including the one that is being written. */
import { type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
import type { Conversation } from "../../conversations/conversation";
import { strings } from "../../i18n";
import { ErrorBoundary } from "../../ui/ErrorBoundary";
import { DownIcon } from "../../ui/icons";
import { Problem } from "../../ui/Problem";
import { MessageRow } from "./MessageRow";
import styles from "./Transcript.module.css";
import type { StickToBottom } from "./useStickToBottom";

export interface TranscriptProps {
  readonly messages: readonly string[];
  readonly follow: StickToBottom;
  /** The conversation of these messages; null if there is none. */
  readonly conversation?: Conversation | null;
  readonly isBusy?: boolean;
  /** Whether the last row shows its error. */
  readonly showsFailure?: boolean;
  /** The number of earlier messages that are not loaded. */
  readonly earlier?: number;
  /** Content after the last message, or instead of all messages. */
  readonly children?: ReactNode;
}

export function Transcript(props: TranscriptProps) {
  const { messages, follow, conversation = null, earlier = 0, children } = props;
  const { isBusy = false, showsFailure = false } = props;
  useReaderStays(follow, messages);
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
          {conversation !== null && earlier > 0 && (
            <Earlier key={messages[0]} frame={follow.frame} onSeen={conversation.loadEarlier} />
          )}
          {conversation !== null &&
            groupsOf(messages, earlier).map(({ number, first, ids }) => (
              <div
                key={number}
                className={first + ids.length < messages.length ? styles.group : styles.last}
              >
                {ids.map((id, place) => (
                  <ErrorBoundary key={id} fallback={failedMessage}>
                    <MessageRow
                      id={id}
                      conversation={conversation}
                      isLast={first + place === messages.length - 1}
                      isBusy={isBusy}
                      showsFailure={showsFailure && first + place === messages.length - 1}
                    />
                  </ErrorBoundary>
                ))}
              </div>
            ))}
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

interface Group {
  /** Counted from the conversation's first message, so that earlier ones change no other group. */
  readonly number: number;
  /** The index of the group's first message among those shown. */
  readonly first: number;
  readonly ids: readonly string[];
}

function groupsOf(messages: readonly string[], earlier: number): Group[] {
  const groups: Group[] = [];
  for (let first = 0; first < messages.length; ) {
    const number = Math.floor((earlier + first) / GROUP);
    const end = (number + 1) * GROUP - earlier;
    groups.push({ number, first, ids: messages.slice(first, end) });
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

/** Comes into view before the first message does, and has earlier ones fetched. */
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
function useReaderStays(
  { frame, content, isFollowing }: StickToBottom,
  messages: readonly string[],
) {
  const before = useRef<{ row: Element; top: number } | null>(null);
  useLayoutEffect(() => {
    if (typeof CSS === "undefined" || CSS.supports("overflow-anchor", "auto")) return;
    const held = before.current;
    if (held?.row.isConnected && !isFollowing && frame.current !== null) {
      frame.current.scrollTop += topOf(held.row) - held.top;
    }
    const row = content.current?.querySelector(`[data-row="${CSS.escape(messages[0] ?? "")}"]`);
    before.current = row ? { row, top: topOf(row) } : null;
  }, [frame, content, isFollowing, messages]);
}

const topOf = (row: Element): number => (row instanceof HTMLElement ? row.offsetTop : 0);
