/** Lists the matches of a search, and opens them. */
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { Mark, SearchHit, SearchReply } from "../../bridge/contract";
import { type Conversations, HITS } from "../../conversations/conversations";
import { useConversations } from "../../conversations/useConversations";
import { useList } from "../../conversations/useList";
import { locale, reasonOf, strings } from "../../i18n";
import { moveFocus } from "../../lib/listKeys";
import { FolderIcon } from "../../ui/icons";
import styles from "./SearchResults.module.css";

/** Pause after the last letter before a search begins. */
const WAIT_MS = 120;

export interface SearchResultsProps {
  readonly query: string;
  readonly onOpen: (hit: SearchHit) => void;
}

interface SearchState {
  readonly query: string;
  readonly hits: readonly SearchHit[];
  /** Where the search stopped at its time limit; null if it is complete. */
  readonly more: SearchReply["more"];
  readonly problem: string | null;
}

export function SearchResults({ query, onOpen }: SearchResultsProps) {
  const conversations = useConversations();
  const [results, setResults] = useState<SearchState | null>(null);
  /** The results that the search continues. */
  const [continuedFrom, setContinuedFrom] = useState<SearchState | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const latestQuery = useRef(query);

  useEffect(() => {
    latestQuery.current = query;
    let isWanted = true;
    const timer = setTimeout(async () => {
      const first = await search(conversations, { query, hits: [], more: null, problem: null });
      if (isWanted) setResults(first);
    }, WAIT_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [conversations, query]);

  async function searchMore(before: SearchState): Promise<void> {
    if (isContinued) return;
    setContinuedFrom(before);
    const after = await search(conversations, before);
    if (latestQuery.current !== before.query) return;
    // When the search is complete its button disappears, and the focus moves to the first new match.
    const isFocused = document.activeElement?.hasAttribute("data-more") ?? false;
    setContinuedFrom(null);
    flushSync(() => setResults(after));
    if (isFocused && after.more === null) {
      const buttons = list.current?.querySelectorAll("button") ?? [];
      (buttons[before.hits.length] ?? buttons[buttons.length - 1])?.focus();
    }
  }

  function onKeyDown(event: KeyboardEvent): void {
    const hits = list.current?.querySelectorAll("button") ?? [];
    // Up from the first match leads back to the search box.
    if (event.key === "ArrowUp" && document.activeElement === hits[0]) return;
    if (moveFocus(event, hits) !== null) event.stopPropagation();
  }

  const { items } = useList();
  const folders = useMemo(() => new Map(items.map(({ id, folder }) => [id, folder])), [items]);
  const hits = results?.hits ?? [];
  // Matches of the previous text stay visible until new ones arrive.
  const isBefore = results !== null && results.query !== query;
  const isEmpty =
    results !== null && results.problem === null && hits.length === 0 && results.more === null;
  const isContinued = continuedFrom !== null && continuedFrom === results;
  return (
    <div className={styles.results}>
      <p className={styles.count} aria-live="polite">
        {results === null || isContinued
          ? strings.searching
          : (results.problem ?? countOf(results))}
      </p>
      {isEmpty && <p className={styles.advice}>{strings.searchAdvice}</p>}
      <ul ref={list} data-hits="" inert={isBefore} onKeyDown={onKeyDown}>
        {hits.map((hit) => (
          <li key={keyOf(hit)}>
            <Hit hit={hit} folder={folders.get(hit.conversationId) ?? null} onOpen={onOpen} />
          </li>
        ))}
      </ul>
      {results !== null && results.more !== null && (
        <button
          type="button"
          className={styles.more}
          data-more=""
          inert={isBefore}
          aria-disabled={isContinued}
          onClick={() => searchMore(results)}
        >
          {strings.searchMore}
        </button>
      )}
    </div>
  );
}

/** Continues a search: the earlier results and the next ones. */
async function search(conversations: Conversations, before: SearchState): Promise<SearchState> {
  try {
    const { hits, more } = await conversations.search(before.query, before.more);
    const known = new Set(before.hits.map(keyOf));
    const added = hits.filter((hit) => !known.has(keyOf(hit)));
    return { ...before, hits: [...before.hits, ...added], more, problem: null };
  } catch (error) {
    return { ...before, problem: reasonOf(error) };
  }
}

function keyOf({ conversationId, messageId }: SearchHit): string {
  return `${conversationId} ${messageId}`;
}

function countOf({ query, hits, more }: SearchState): string {
  if (more !== null) return strings.foundSoFar(hits.length);
  if (hits.length === 0) return strings.nothingFound(query);
  return hits.length < HITS ? strings.found(hits.length) : strings.foundFirst(hits.length);
}

interface HitProps {
  readonly hit: SearchHit;
  /** The folder of its conversation. */
  readonly folder: string | null;
  readonly onOpen: (hit: SearchHit) => void;
}

function Hit({ hit, folder, onOpen }: HitProps) {
  const { messageId, title, role, snippet, marks, createdAt } = hit;
  return (
    <button type="button" className={styles.hit} onClick={() => onOpen(hit)}>
      <span className="truncate aligned" dir="auto">
        {messageId === null ? <Marked text={snippet} marks={marks} /> : title || strings.untitled}
      </span>
      {messageId !== null && (
        <span className={styles.snippet} dir="auto">
          <Marked text={snippet} marks={marks} />
        </span>
      )}
      <span className={styles.facts}>
        {messageId === null && strings.inTitle}
        {role === "user" && strings.you}
        {role === "assistant" && strings.assistant}
        <time dateTime={new Date(createdAt).toISOString()}>{dayOf(createdAt)}</time>
        {folder !== null && (
          <span className={styles.folder} dir="auto">
            <FolderIcon />
            {folder}
          </span>
        )}
      </span>
    </button>
  );
}

/** The date, and the time if it is today. */
function dayOf(time: number): string {
  const date = new Date(time);
  const now = new Date();
  if (date.toDateString() === now.toDateString()) {
    return date.toLocaleTimeString(locale, { timeStyle: "short" });
  }
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString(locale, { day: "numeric", month: "short", year });
}

/** A text with the matches marked. */
function Marked({ text, marks }: { readonly text: string; readonly marks: readonly Mark[] }) {
  const pieces: ReactNode[] = [];
  let done = 0;
  for (const { start, end } of marks) {
    if (start < done || end <= start) continue;
    pieces.push(text.slice(done, start), <mark key={start}>{text.slice(start, end)}</mark>);
    done = end;
  }
  pieces.push(text.slice(done));
  return <>{pieces}</>;
}
