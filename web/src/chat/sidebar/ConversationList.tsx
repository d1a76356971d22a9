/** ConversationList: everything that is kept, by the days of its last use. */
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { groupsOf } from "../../conversations/groups";
import { useList, useShownId } from "../../conversations/useList";
import { strings } from "../../strings";
import { ConversationItem } from "./ConversationItem";
import styles from "./ConversationList.module.css";
import type { Acts } from "./useActs";

/** How many are drawn at once; a button brings more. */
const FIRST = 100;

export function ConversationList({ acts }: { readonly acts: Acts }) {
  const { items, phase } = useList();
  const openId = useShownId();
  const [drawn, setDrawn] = useState(FIRST);
  const list = useRef<HTMLDivElement>(null);
  const shown = useMemo(() => items.slice(0, drawn), [items, drawn]);
  const groups = useMemo(() => groupsOf(shown, Date.now()), [shown]);
  const stop = shown.some(({ id }) => id === openId) ? openId : shown[0]?.id;

  function onKeyDown(event: KeyboardEvent): void {
    const all = [...(list.current?.querySelectorAll<HTMLElement>("[data-conversation]") ?? [])];
    const here = all.indexOf(document.activeElement as HTMLElement);
    if (here === -1) return;
    const last = all.length - 1;
    const places = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: last };
    const next = places[event.key as keyof typeof places];
    if (next === undefined) return;
    event.preventDefault();
    all[Math.max(0, Math.min(last, next))]?.focus();
  }

  if (items.length === 0) {
    return phase === "open" ? <p className={styles.empty}>{strings.noConversations}</p> : null;
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrows go from button to button
    <div ref={list} className={styles.list} onKeyDown={onKeyDown}>
      {groups.map(({ name, items: found }) => (
        <section key={name} aria-label={strings.groups[name]}>
          <h2 className={styles.group}>{strings.groups[name]}</h2>
          <ul>
            {found.map((item) => (
              <ConversationItem
                key={item.id}
                item={item}
                isOpen={item.id === openId}
                isStop={item.id === stop}
                acts={acts}
              />
            ))}
          </ul>
        </section>
      ))}
      {items.length > drawn && (
        <button type="button" className={styles.more} onClick={() => setDrawn(drawn + 4 * FIRST)}>
          {strings.showMore}
        </button>
      )}
    </div>
  );
}
