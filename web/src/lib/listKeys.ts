/** Keyboard navigation in a list: next, previous, first and last item. */
import { arrowsOf } from "./direction";

export interface ListOptions {
  /** The arrow keys to use: up and down, those along the line, or all four. */
  readonly axis?: "block" | "inline" | "both";
  /** After the last item comes the first. */
  readonly wraps?: boolean;
  /** Items per page key; 0 if the list does not use them. */
  readonly page?: number;
}

/** The fields of a key event that matter; a `KeyboardEvent`, or React's. */
export type ListKey = Pick<KeyboardEvent, "key" | "currentTarget" | "preventDefault">;

/** The index that a key leads to from `here` among `count` items; null for other keys. */
export function placeOf(
  event: ListKey,
  here: number,
  count: number,
  { axis = "block", wraps = false, page = 0 }: ListOptions = {},
): number | null {
  const { forward, back } = arrowsOf(event.currentTarget as Element);
  const steps: Record<string, number> = {
    Home: -here,
    End: count - 1 - here,
    ...(axis !== "inline" && { ArrowDown: 1, ArrowUp: -1 }),
    ...(axis !== "block" && { [forward]: 1, [back]: -1 }),
    ...(page > 0 && { PageDown: page, PageUp: -page }),
  };
  const step = steps[event.key];
  if (step === undefined || count === 0) return null;
  // From outside of the items, the first step back leads to the last.
  const place = (wraps && step < 0 ? Math.max(here, 0) : here) + step;
  return wraps ? (place + count) % count : Math.max(0, Math.min(place, count - 1));
}

/** Moves the focus through these elements; returns the new index, null for other keys. */
export function moveFocus(
  event: ListKey,
  items: Iterable<HTMLElement>,
  options?: ListOptions,
): number | null {
  const all = [...items];
  const here = all.indexOf(document.activeElement as HTMLElement);
  const place = placeOf(event, here, all.length, options);
  if (place === null) return null;
  event.preventDefault();
  all[place]?.focus();
  return place;
}
