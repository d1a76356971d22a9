/** Keeps the buttons of a card dead for a moment after it appears or moves under the pointer. */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

export const GUARD_MS = 500;
/** How often the place is looked at. A press looks once more, so that no move is missed. */
const LOOK_MS = 100;

export interface Guard {
  readonly isReady: boolean;
  /** Looks again, and says whether the card has stood still for long enough. */
  check(): boolean;
}

/** `now` is the clock, in milliseconds. */
export function useGuard(
  card: RefObject<HTMLElement | null>,
  now: () => number = () => performance.now(),
): Guard {
  const [isReady, setIsReady] = useState(false);
  const seen = useRef({ place: "", at: 0 });
  const clock = useRef(now);

  const check = useCallback(() => {
    const place = placeOf(card.current);
    if (place !== seen.current.place) seen.current = { place, at: clock.current() };
    const isStill = clock.current() - seen.current.at >= GUARD_MS;
    setIsReady(isStill);
    return isStill;
  }, [card]);

  useLayoutEffect(() => {
    seen.current = { place: placeOf(card.current), at: clock.current() };
  }, [card]);

  useEffect(() => {
    const timer = setInterval(check, LOOK_MS);
    return () => clearInterval(timer);
  }, [check]);

  return { isReady, check };
}

/** A card in a tab or a window that comes to the front appears, too. */
function placeOf(card: HTMLElement | null): string {
  if (card === null || document.visibilityState === "hidden") return "";
  const { x, y, width, height } = card.getBoundingClientRect();
  return [x, y, width, height].map(Math.round).join(" ");
}
