/** Keeps the buttons of a card disabled for a moment after it appears or moves under the pointer. */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

export const GUARD_MS = 500;
/** Interval of additional position checks. A press checks once more, so that no move is missed. */
const POLL_MS = 100;

export interface Guard {
  readonly isReady: boolean;
  /** The last press came too early. The card must say so instead of silently ignoring it. */
  readonly isEarly: boolean;
  /** Call it at a press: it checks the position once more and returns whether the press counts. */
  press(): boolean;
}

export function useGuard(card: RefObject<HTMLElement | null>): Guard {
  const [isReady, setIsReady] = useState(false);
  const [isEarly, setIsEarly] = useState(false);
  const lastMove = useRef({ place: "", at: 0 });

  const check = useCallback(() => {
    const place = placeOf(card.current);
    if (place !== lastMove.current.place) lastMove.current = { place, at: performance.now() };
    const isStill = performance.now() - lastMove.current.at >= GUARD_MS;
    setIsReady(isStill);
    return isStill;
  }, [card]);

  const press = useCallback(() => {
    const isStill = check();
    setIsEarly(!isStill);
    return isStill;
  }, [check]);

  useLayoutEffect(() => {
    lastMove.current = { place: placeOf(card.current), at: performance.now() };
  }, [card]);

  useEffect(() => {
    const timer = setInterval(check, POLL_MS);
    // A change of size is noticed before it is painted, so the buttons look disabled from then on.
    const observer = new ResizeObserver(check);
    const frame = card.current?.closest("[role=log]");
    for (const observed of [card.current, frame, frame?.firstElementChild]) {
      if (observed) observer.observe(observed);
    }
    /** A disabled button does not call `press`. */
    function onClick({ target }: Event): void {
      if (target instanceof Element && target.closest("[aria-disabled=true]") && !check()) {
        setIsEarly(true);
      }
    }
    const element = card.current;
    element?.addEventListener("click", onClick, true);
    return () => {
      element?.removeEventListener("click", onClick, true);
      clearInterval(timer);
      observer.disconnect();
    };
  }, [card, check]);

  return { isReady, isEarly, press };
}

/**
 * The card's position in the scrolled content, the content's height, and the scroll area's position on
 * the page. Scrolling by a person changes none of these. The transcript scrolls by itself only when it
 * grows, which changes the height. Empty in a hidden tab or window, so that a card that comes to the
 * front counts as new.
 */
function placeOf(card: HTMLElement | null): string {
  if (card === null || document.visibilityState === "hidden") return "";
  const frame = card.closest("[role=log]");
  const content = frame?.firstElementChild?.getBoundingClientRect();
  const { x, y, width, height } = card.getBoundingClientRect();
  const place = [x - (content?.x ?? 0), y - (content?.y ?? 0), width, height];
  const around = frame?.getBoundingClientRect();
  const outside = [content?.height, around?.x, around?.y, around?.width, around?.height];
  return [...place, ...outside].map((length) => Math.round(length ?? 0)).join(" ");
}
