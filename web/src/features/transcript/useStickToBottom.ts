/** Keeps the end of a growing text in view, until the reader scrolls away. */
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

/** A distance from the end that still counts as the end. */
const NEAR_PX = 24;
const LEAVING_KEYS: ReadonlySet<string> = new Set(["ArrowUp", "PageUp", "Home"]);

export interface StickToBottom {
  /** The element that scrolls. */
  readonly frame: RefObject<HTMLDivElement | null>;
  /** The element inside it that grows. */
  readonly content: RefObject<HTMLDivElement | null>;
  readonly isFollowing: boolean;
  readonly jumpToEnd: () => void;
  /** Stops following the end, because the view moves elsewhere. */
  readonly stopFollowing: () => void;
}

/** `hasEnd` is false while there is no content to follow. */
export function useStickToBottom(hasEnd: boolean): StickToBottom {
  const frame = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  /** The previous scroll position, which tells whether a scroll goes up or down. */
  const before = useRef(0);
  /** Whether the reader has touched the text since the program last moved the view elsewhere. */
  const isReaders = useRef(false);
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

  const stopFollowing = useCallback(() => {
    isReaders.current = false;
    follow(!canScroll(frame.current));
  }, [follow]);

  useEffect(() => {
    if (!hasEnd) return;
    const element = frame.current;
    const inside = content.current;
    if (element === null || inside === null) return;
    let isPressed = false;
    let isDragged = false;

    /**
     * Ends following with a scroll up by a finger or the scroll bar, and begins it again with one
     * down to the end. Layout changes and the program scroll as well. The time between a scroll
     * and its cause says nothing: on a busy machine it may be seconds.
     */
    function onScroll(): void {
      if (element === null) return;
      const by = element.scrollTop - before.current;
      before.current = element.scrollTop;
      const distance = element.scrollHeight - element.clientHeight - element.scrollTop;
      if (by > 0 && distance <= NEAR_PX && isReaders.current) follow(true);
      else if (by < 0 && distance > NEAR_PX && isDragged) follow(false);
    }

    function onWheel(event: WheelEvent): void {
      isReaders.current = true;
      if (event.deltaY < 0 && canScroll(element)) follow(false);
    }

    function onKey(event: KeyboardEvent): void {
      if (!isFor(element, event)) return;
      isReaders.current = true;
      if (event.key === "End") {
        // The end moves while rows come into view, whose heights were estimates until then.
        event.preventDefault();
        jumpToEnd();
      } else if (isLeavingKey(event) && canScroll(element)) follow(false);
    }

    function onDrag(): void {
      isReaders.current = true;
      isDragged = true;
    }

    /** A touch, or a mouse press on the scroll bar. */
    function onPress(): void {
      isPressed = true;
      onDrag();
    }

    function onRelease(): void {
      isPressed = false;
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
      else if (following.current) {
        isDragged &&= isPressed;
        toEnd(element);
      }
    });
    observer.observe(inside);
    observer.observe(element);
    const passive = { passive: true };
    element.addEventListener("scroll", onScroll, passive);
    element.addEventListener("wheel", onWheel, passive);
    element.addEventListener("touchmove", onDrag, passive);
    // At the window, after the elements inside that use the key.
    window.addEventListener("keydown", onKey);
    element.addEventListener("pointerdown", onPress);
    window.addEventListener("pointerup", onRelease);
    window.addEventListener("pointercancel", onRelease);
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", onScroll);
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("touchmove", onDrag);
      window.removeEventListener("keydown", onKey);
      element.removeEventListener("pointerdown", onPress);
      window.removeEventListener("pointerup", onRelease);
      window.removeEventListener("pointercancel", onRelease);
    };
  }, [follow, toEnd, jumpToEnd, hasEnd]);

  return { frame, content, isFollowing, jumpToEnd, stopFollowing };
}

/** If there is nothing to scroll, the end is in view. */
function canScroll(element: HTMLElement | null): boolean {
  return element !== null && element.scrollHeight > element.clientHeight;
}

/** Whether a key goes up in the text. */
function isLeavingKey({ key, shiftKey }: KeyboardEvent): boolean {
  return LEAVING_KEYS.has(key) || (key === " " && shiftKey);
}

/** Whether a key is for the text itself: pressed outside its fields, and not used by its parts. */
function isFor(element: Element | null, { target, defaultPrevented }: KeyboardEvent): boolean {
  return (
    !defaultPrevented &&
    target instanceof Element &&
    element?.contains(target) === true &&
    target.closest("input, textarea, select") === null
  );
}
