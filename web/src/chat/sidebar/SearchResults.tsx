/** SearchResults: where words were found, and the way there. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from "react";
import type { Mark, SearchHit } from "../../bridge/contract";
import { useConversations } from "../../conversations/context";
import { reasonOf } from "../../conversations/conversations";
import { strings } from "../../strings";
import styles from "./SearchResults.module.css";

/** How long a hand may rest between two letters. */
const WAIT_MS = 120;

export interface SearchResultsProps {
  readonly query: string;
  readonly onOpen: (hit: SearchHit) => void;
}

interface Found {
  readonly query: string;
  readonly hits: readonly SearchHit[];
  readonly problem: string | null;
}

export function SearchResults({ query, onOpen }: SearchResultsProps) {
  const conversations = useConversations();
  const [found, setFound] = useState<Found | null>(null);
  const list = useRef<HTMLUListElement>(null);

  useEffect(() => {
    let isWanted = true;
    const timer = setTimeout(async () => {
      let hits: readonly SearchHit[] = [];
      let problem: string | null = null;
      try {
        hits = await conversations.search(query);
      } catch (error) {
        problem = reasonOf(error);
      }
      if (isWanted) setFound({ query, hits, problem });
    }, WAIT_MS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [conversations, query]);

  function onKeyDown(event: KeyboardEvent): void {
    const all = [...(list.current?.querySelectorAll("button") ?? [])];
    const here = all.indexOf(document.activeElement as HTMLButtonElement);
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined || here + by < 0) return; // up from the first is back to the box
    event.preventDefault();
    event.stopPropagation();
    all[here + by]?.focus();
  }

  const hits = found?.hits ?? [];
  return (
    <div className={styles.results}>
      <p className={styles.count} aria-live="polite">
        {found === null
          ? strings.searching
          : (found.problem ??
            (hits.length === 0 ? strings.nothingFound(found.query) : strings.found(hits.length)))}
      </p>
      <ul ref={list} data-hits="" onKeyDown={onKeyDown}>
        {hits.map((hit) => (
          <li key={`${hit.conversationId} ${hit.messageId}`}>
            <button type="button" onClick={() => onOpen(hit)}>
              <span className={styles.title} dir="auto">
                {hit.messageId === null ? (
                  <Marked text={hit.snippet} marks={hit.marks} />
                ) : (
                  hit.title || strings.untitled
                )}
              </span>
              {hit.messageId !== null && (
                <span className={styles.snippet} dir="auto">
                  <Marked text={hit.snippet} marks={hit.marks} />
                </span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A text with what was looked for marked in it. */
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
