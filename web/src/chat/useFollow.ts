/** useFollow: keeps the end of a growing text in view, until the reader goes elsewhere. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** So near to the end counts as there. */
const NEAR_PX = 24;
const LEAVING_KEYS: ReadonlySet<string> = new Set(["ArrowUp", "PageUp", "Home"]);

export interface Follow {
  /** The part of the page that scrolls. */
  readonly frame: RefObject<HTMLDivElement | null>;
  /** What grows inside it. */
  readonly content: RefObject<HTMLDivElement | null>;
  readonly isFollowing: boolean;
  readonly jumpToEnd: () => void;
}

/** `hasEnd` is false while there is nothing yet whose end could be followed. */
export function useFollow(hasEnd: boolean): Follow {
  const frame = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const [isFollowing, setIsFollowing] = useState(true);

  const follow = useCallback((next: boolean) => {
    following.current = next;
    setIsFollowing(next);
  }, []);

  const jumpToEnd = useCallback(() => {
    follow(true);
    const element = frame.current;
    if (element !== null) element.scrollTop = element.scrollHeight;
  }, [follow]);

  useEffect(() => {
    if (!hasEnd) return;
    const element = frame.current;
    const inside = content.current;
    if (element === null || inside === null) return;
    let before = element.scrollTop;

    /** Up leaves at once; down comes back when the end is reached. */
    function onScroll(): void {
      if (element === null) return;
      const down = element.scrollTop >= before;
      before = element.scrollTop;
      const left = element.scrollHeight - element.clientHeight - element.scrollTop;
      if (left <= NEAR_PX && down) follow(true);
      else if (!down && left > NEAR_PX) follow(false);
    }

    function canScroll(): boolean {
      return element !== null && element.scrollHeight > element.clientHeight;
    }

    function onWheel(event: WheelEvent): void {
      if (event.deltaY < 0 && canScroll()) follow(false);
    }

    function onKey(event: KeyboardEvent): void {
      if (LEAVING_KEYS.has(event.key) && canScroll()) follow(false);
    }

    /** Text that somebody is selecting must not move away. */
    function isSelecting(): boolean {
      const selection = document.getSelection();
      return (
        selection !== null &&
        !selection.isCollapsed &&
        inside?.contains(selection.anchorNode) === true
      );
    }

    const observer = new ResizeObserver(() => {
      if (!following.current) return;
      if (isSelecting()) {
        follow(false);
        return;
      }
      element.scrollTop = element.scrollHeight;
      before = element.scrollTop;
    });
    observer.observe(inside);
    observer.observe(element);
    element.addEventListener("scroll", onScroll, { passive: true });
    element.addEventListener("wheel", onWheel, { passive: true });
    element.addEventListener("keydown", onKey);
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", onScroll);
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("keydown", onKey);
    };
  }, [follow, hasEnd]);

  return { frame, content, isFollowing, jumpToEnd };
}
