/** The messages of a conversation, from the first to the one that is being written. */
import { Fragment, type ReactNode, useEffect, useLayoutEffect, useRef } from "react";
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
  /** Whose messages these are; null when there are none. */
  readonly conversation?: Conversation | null;
  readonly isBusy?: boolean;
  /** Whether the last row says why it failed. */
  readonly showsFailure?: boolean;
  /** How many messages come before these. */
  readonly earlier?: number;
  /** What stands after the last message, or in place of all of them. */
  readonly children?: ReactNode;
}

export function Transcript(props: TranscriptProps) {
  const { messages, follow, conversation = null, earlier = 0, children } = props;
  const { isBusy = false, showsFailure = false } = props;
  useReaderStays(follow, messages);
  return (
    <div className={styles.place}>
      {/* Words that stream in are not read out one by one: the status line says what happens. */}
      <div
        ref={follow.frame}
        className={`messages ${styles.frame} ${follow.isFollowing ? styles.following : ""}`}
        role="log"
        aria-live="off"
        aria-label={strings.conversation}
        // A place that scrolls must be reached by the keyboard.
        // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
        tabIndex={0}
      >
        <div ref={follow.content} className={styles.column}>
          {conversation !== null && earlier > 0 && (
            <Earlier key={messages[0]} frame={follow.frame} onSeen={conversation.loadEarlier} />
          )}
          {conversation !== null &&
            groupsOf(messages, earlier).map(({ number, first, ids }) => (
              <Fragment key={number}>
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
              </Fragment>
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

/** Rows that stand together: an update of one passes by its neighbours and by the other groups. */
const GROUP = 32;

interface Group {
  /** Counted from the conversation's first message, so that earlier ones change no other group. */
  readonly number: number;
  /** The place of the group's first message among those that are shown. */
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

/** How far above the view the reader may be before the messages before these are fetched. */
const AHEAD = "1200px 0px 0px 0px";

interface EarlierProps {
  readonly frame: StickToBottom["frame"];
  readonly onSeen: () => Promise<void>;
}

/** Comes into view before the first message does, and has those before it fetched. */
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

/** What comes in above moves nothing, where the web view does not see to that itself. */
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
