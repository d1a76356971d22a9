/** The focus stays in a list whose rows go elsewhere, or away. */
import { type FocusEvent, type RefObject, useLayoutEffect, useRef } from "react";

export interface ListFocus {
  onFocus(event: FocusEvent): void;
  onBlur(event: FocusEvent): void;
}

/** `stops` selects what can have the focus. A row that is gone gives it to its neighbour. */
export function useListFocus(list: RefObject<HTMLElement | null>, stops: string): ListFocus {
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
    onFocus(event) {
      const row = event.target.closest("li, section > div");
      const stop = row?.querySelector<HTMLElement>(stops) ?? null;
      // A dialog about a row stands for it.
      if (stop !== null) held.current = { name: rowNameOf(stop), place: all().indexOf(stop) };
    },
    onBlur(event) {
      // The focus went elsewhere; a row that is taken away says nothing of the kind.
      if (event.target.isConnected && !list.current?.contains(event.relatedTarget)) {
        held.current = null;
      }
    },
  };
}

const rowNameOf = ({ dataset }: HTMLElement): string =>
  `${dataset.conversation ?? ""} ${dataset.folder ?? ""}`;
