/** Detects whether an element's content overflows: only then is the element a tab stop. */
import { type RefObject, useLayoutEffect, useRef, useState } from "react";

const observed = new WeakMap<Element, () => void>();
/** One for the page: an answer may have a hundred formulas. */
let observer: ResizeObserver | undefined;

function observe(element: Element, onChange: () => void): void {
  observer ??= new ResizeObserver((entries) => {
    for (const { target } of entries) observed.get(target)?.();
  });
  observed.set(element, onChange);
  observer.observe(element);
}

/** `frame` scrolls, `content` grows inside it. */
export function useScrolls<F extends HTMLElement, C extends HTMLElement>(): {
  frame: RefObject<F | null>;
  content: RefObject<C | null>;
  scrolls: boolean;
} {
  const frame = useRef<F>(null);
  const content = useRef<C>(null);
  const [scrolls, setScrolls] = useState(false);
  useLayoutEffect(() => {
    const elements = [frame.current, content.current].filter((element) => element !== null);
    const measure = () => {
      const box = frame.current;
      // Half a pixel is rounding.
      setScrolls(box !== null && box.scrollWidth > box.clientWidth + 1);
    };
    for (const element of elements) observe(element, measure);
    return () => {
      for (const element of elements) observer?.unobserve(element);
    };
  }, []);
  return { frame, content, scrolls };
}
