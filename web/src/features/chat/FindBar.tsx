/** Searches all messages of the open conversation, and steps through the matches. */
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Conversation } from "../../conversations/conversation";
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { isComposing } from "../../lib/ime";
import { ActionList } from "../../ui/ActionList";
import { CloseIcon, DownIcon, SearchIcon, UpIcon } from "../../ui/icons";
import { mark, phraseOf, rangesOf } from "../transcript/highlightMatches";
import type { StickToBottom } from "../transcript/useStickToBottom";
import styles from "./FindBar.module.css";

/** Most matches of a search. The browser updates each one with every change of the page. */
const MOST = 10_000;

export interface FindBarProps {
  readonly conversation: Conversation;
  readonly follow: StickToBottom;
  /** Counts how often the bar was requested. */
  readonly openCount: number;
  readonly onClose: () => void;
}

export function FindBar(props: FindBarProps) {
  const { conversation, follow, openCount, onClose } = props;
  const { messages, earlier } = useStore(conversation);
  const { content, frame, stopFollowing } = follow;
  const [query, setQuery] = useState("");
  const [places, setPlaces] = useState<readonly Range[]>([]);
  const [place, setPlace] = useState(0);
  const box = useRef<HTMLInputElement>(null);
  const isLoadingEarlier = query !== "" && earlier > 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: focus again at every request
  useEffect(() => {
    box.current?.focus();
    box.current?.select();
  }, [openCount]);

  // Loads earlier messages to search them, too; each load runs this effect again.
  useEffect(() => {
    if (isLoadingEarlier && messages.length > 0) void conversation.loadEarlier();
  }, [isLoadingEarlier, messages, conversation]);

  /** The matches in their order; the newest ones if there are too many. */
  function findMatches(): readonly Range[] {
    const texts = content.current?.querySelectorAll(".message-text, [data-row] details") ?? [];
    const phrase = phraseOf(query);
    if (phrase.length === 0) return [];
    const found: Range[][] = [];
    let room = MOST;
    for (const text of [...texts].reverse()) {
      const ranges = rangesOf(text, phrase).slice(-room);
      found.unshift(ranges);
      room -= ranges.length;
      if (room === 0) break;
    }
    return found.flat();
  }

  // Starts at the newest match, nearest to the reader at the end.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the matches depend on these
  useEffect(() => {
    const found = findMatches();
    setPlaces(found);
    setPlace(found.length - 1);
  }, [query, messages]);

  useEffect(() => mark("sought", places), [places]);

  const shown = places[place];
  useEffect(() => {
    if (shown === undefined) return;
    const unmark = mark("found", [shown]);
    stopFollowing();
    const around = shown.startContainer.parentElement;
    const note = around?.closest("details");
    if (note != null) note.open = true;
    // Rows out of view are not laid out yet: scroll to the row first, then to the match in it.
    around?.closest("[data-row]")?.scrollIntoView({ block: "center" });
    const next = requestAnimationFrame(() => {
      const list = frame.current;
      if (list === null) return;
      const { top, height } = shown.getBoundingClientRect();
      const middle = list.getBoundingClientRect().top + list.clientHeight / 2;
      list.scrollTop += top + height / 2 - middle;
    });
    return () => {
      cancelAnimationFrame(next);
      unmark();
    };
  }, [shown, frame, stopFollowing]);

  function go(by: number): void {
    // An answer may have grown in the meantime.
    const found = findMatches();
    if (found.length === 0) return;
    setPlaces(found);
    setPlace((place + by + found.length) % found.length);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    // On a button Enter presses it.
    if (event.key === "Enter" && event.target === box.current) go(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape") onClose();
    else return;
    event.preventDefault();
  }

  const words = strings.find;
  return (
    <search className={styles.bar} onKeyDown={onKeyDown}>
      <SearchIcon />
      <input
        ref={box}
        aria-label={strings.actions.find}
        placeholder={strings.actions.find}
        dir="auto"
        value={query}
        onChange={(event) => setQuery(event.target.value)}
      />
      <span className={styles.count} role="status">
        {query !== "" &&
          (places.length > 0
            ? words.count(place + 1, places.length, places.length === MOST)
            : isLoadingEarlier
              ? strings.loadingEarlier
              : words.none)}
      </span>
      <ActionList
        label={words.actions}
        actions={[
          { label: words.previous, icon: <UpIcon />, keys: "Shift+Enter", run: () => go(-1) },
          { label: words.next, icon: <DownIcon />, keys: "Enter", run: () => go(1) },
          { label: strings.close, icon: <CloseIcon />, keys: "Escape", run: onClose },
        ]}
      />
    </search>
  );
}
