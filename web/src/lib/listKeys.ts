/** Where the keys lead in a list: the next item, the one before, the first, the last. */
import { arrowsOf } from "./direction";

export interface ListOptions {
  /** Which arrows go through the list: up and down, those along the line, or all four. */
  readonly axis?: "block" | "inline" | "both";
  /** After the last item comes the first. */
  readonly wraps?: boolean;
  /** How far the page keys go; 0 when they do not belong to the list. */
  readonly page?: number;
}

/** What a key event must have; a `KeyboardEvent`, or React's. */
export interface ListKey {
  readonly key: string;
  readonly currentTarget: EventTarget | null;
  preventDefault(): void;
}

/** The place that a key leads to from `here` among `count`; null for a key that does not move. */
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
  const place = here + step;
  return wraps ? (place + count) % count : Math.max(0, Math.min(place, count - 1));
}

/** Moves the focus through these elements; returns the new place, null for a key that does not move. */
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
