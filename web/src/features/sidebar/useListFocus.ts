/** Keeps the focus in a list whose rows move or disappear. */
import { type FocusEvent, type RefObject, useLayoutEffect, useRef } from "react";

/** `stops` selects the elements that can have the focus. A removed row passes it to its neighbor. */
export function useListFocus(list: RefObject<HTMLElement | null>, stops: string) {
  const held = useRef<{ readonly name: string; readonly place: number } | null>(null);
  const all = () => [...(list.current?.querySelectorAll<HTMLElement>(stops) ?? [])];

  useLayoutEffect(() => {
    if (held.current === null || document.activeElement !== document.body) return;
    const { name, place } = held.current;
    const now = all();
    const same = now.find((element) => rowNameOf(element) === name);
    (same ?? now[Math.min(place, now.length - 1)])?.focus();
  });

  return {
    onFocus(event: FocusEvent): void {
      const row = event.target.closest("li, section > div");
      const stop = row?.querySelector<HTMLElement>(stops) ?? null;
      // A dialog about a row counts as that row.
      if (stop !== null) held.current = { name: rowNameOf(stop), place: all().indexOf(stop) };
    },
    onBlur(event: FocusEvent): void {
      // The focus went elsewhere. A removed row is no longer connected and does not count.
      if (event.target.isConnected && !list.current?.contains(event.relatedTarget)) {
        held.current = null;
      }
    },
  };
}

const rowNameOf = ({ dataset }: HTMLElement): string =>
  `${dataset.conversation ?? ""} ${dataset.folder ?? ""}`;
