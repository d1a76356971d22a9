/** Keeps the end of a growing text in view, until the reader scrolls away. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** A distance from the end that still counts as the end. */
const NEAR_PX = 24;
/** How long after input a scroll counts as caused by it. */
const MEANT_MS = 1_000;
const LEAVING_KEYS: ReadonlySet<string> = new Set(["ArrowUp", "PageUp", "Home"]);

export interface StickToBottom {
  /** The element that scrolls. */
  readonly frame: RefObject<HTMLDivElement | null>;
  /** The element inside it that grows. */
  readonly content: RefObject<HTMLDivElement | null>;
  readonly isFollowing: boolean;
  readonly jumpToEnd: () => void;
  /** Stops following the end, because the view moves elsewhere. */
  readonly leave: () => void;
}

/** `hasEnd` is false while there is no content to follow. */
export function useStickToBottom(hasEnd: boolean): StickToBottom {
  const frame = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  /** The previous scroll position, which tells whether a scroll goes up or down. */
  const before = useRef(0);
  const [isFollowing, setIsFollowing] = useState(true);

  const follow = useCallback((next: boolean) => {
    following.current = next;
    setIsFollowing(next);
  }, []);

  const toEnd = useCallback((element: HTMLElement) => {
    element.scrollTop = element.scrollHeight;
    before.current = element.scrollTop;
  }, []);

  const jumpToEnd = useCallback(() => {
    follow(true);
    if (frame.current !== null) toEnd(frame.current);
  }, [follow, toEnd]);

  const leave = useCallback(() => follow(!canScroll(frame.current)), [follow]);

  useEffect(() => {
    if (!hasEnd) return;
    const element = frame.current;
    const inside = content.current;
    if (element === null || inside === null) return;
    let touched = Number.NEGATIVE_INFINITY;
    let isHeld = false;

    /** Scrolling up stops following, if it came from input: layout changes scroll as well. */
    function onScroll(): void {
      if (element === null) return;
      const down = element.scrollTop >= before.current;
      before.current = element.scrollTop;
      const left = element.scrollHeight - element.clientHeight - element.scrollTop;
      const meant = isHeld || performance.now() - touched < MEANT_MS;
      if (!meant) return;
      if (left <= NEAR_PX && down) follow(true);
      else if (!down && left > NEAR_PX) follow(false);
    }

    function onTouch(): void {
      touched = performance.now();
    }

    function onWheel(event: WheelEvent): void {
      onTouch();
      if (event.deltaY < 0 && canScroll(element)) follow(false);
    }

    function onKey(event: KeyboardEvent): void {
      onTouch();
      if (LEAVING_KEYS.has(event.key) && canScroll(element)) follow(false);
    }

    /** A touch, or a mouse press on the scroll bar. */
    function onHold(): void {
      isHeld = true;
    }

    function onRelease(): void {
      if (isHeld) onTouch();
      isHeld = false;
    }

    /** Text that is being selected must not move. */
    function isSelecting(): boolean {
      const selection = document.getSelection();
      return (
        selection !== null &&
        !selection.isCollapsed &&
        inside?.contains(selection.anchorNode) === true
      );
    }

    const observer = new ResizeObserver(() => {
      if (!canScroll(element)) follow(true);
      else if (following.current && isSelecting()) follow(false);
      else if (following.current) toEnd(element);
    });
    observer.observe(inside);
    observer.observe(element);
    const passive = { passive: true };
    element.addEventListener("scroll", onScroll, passive);
    element.addEventListener("wheel", onWheel, passive);
    element.addEventListener("touchmove", onTouch, passive);
    element.addEventListener("keydown", onKey);
    element.addEventListener("pointerdown", onHold);
    window.addEventListener("pointerup", onRelease);
    window.addEventListener("pointercancel", onRelease);
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", onScroll);
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("touchmove", onTouch);
      element.removeEventListener("keydown", onKey);
      element.removeEventListener("pointerdown", onHold);
      window.removeEventListener("pointerup", onRelease);
      window.removeEventListener("pointercancel", onRelease);
    };
  }, [follow, toEnd, hasEnd]);

  return { frame, content, isFollowing, jumpToEnd, leave };
}

/** If there is nothing to scroll, the end is in view. */
function canScroll(element: HTMLElement | null): boolean {
  return element !== null && element.scrollHeight > element.clientHeight;
}
