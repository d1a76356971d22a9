/** Keeps the focus in a list whose rows move or disappear. */
import { type FocusEvent, type RefObject, useLayoutEffect, useRef } from "react";

/** `stops` selects the focusable elements. A removed row passes the focus to its neighbor. */
export function useListFocus(list: RefObject<HTMLElement | null>, stops: string) {
  const focused = useRef<{ readonly name: string; readonly place: number } | null>(null);
  const all = () => [...(list.current?.querySelectorAll<HTMLElement>(stops) ?? [])];

  useLayoutEffect(() => {
    if (focused.current === null || document.activeElement !== document.body) return;
    const { name, place } = focused.current;
    const now = all();
    const same = now.find((element) => rowNameOf(element) === name);
    (same ?? now[Math.min(place, now.length - 1)])?.focus();
  });

  return {
    onFocus(event: FocusEvent): void {
      const row = event.target.closest("li, section > div");
      const stop = row?.querySelector<HTMLElement>(stops) ?? null;
      // A dialog about a row counts as that row.
      if (stop !== null) focused.current = { name: rowNameOf(stop), place: all().indexOf(stop) };
    },
    onBlur(event: FocusEvent): void {
      // The focus went elsewhere. A removed row is no longer connected and does not count.
      if (event.target.isConnected && !list.current?.contains(event.relatedTarget)) {
        focused.current = null;
      }
    },
  };
}

const rowNameOf = ({ dataset }: HTMLElement): string =>
  `${dataset.conversation ?? ""} ${dataset.folder ?? ""}`;
