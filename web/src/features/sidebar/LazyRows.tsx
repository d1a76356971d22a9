/** Consecutive rows of the list; far from the view, an empty box replaces them. */
import { type ReactNode, useEffect, useRef, useState } from "react";
import styles from "./ConversationList.module.css";

/** The number of rows rendered together. */
export const ROWS = 50;
/** Distance from the view at which rows are rendered. */
const AHEAD = "800px 0px";

export interface LazyRowsProps {
  readonly count: number;
  /** Rendered with the list, before it is known what is in view. */
  readonly isFirst: boolean;
  /** Always rendered, because it holds the tab stop. */
  readonly hasTabStop: boolean;
  /** Renders the rows. */
  readonly children: () => ReactNode;
}

export function LazyRows({ count, isFirst, hasTabStop, children }: LazyRowsProps) {
  const list = useRef<HTMLUListElement>(null);
  const [isNear, setIsNear] = useState(isFirst);

  useEffect(() => {
    const element = list.current;
    if (element === null) return;
    const options = { root: element.closest("[data-list]"), rootMargin: AHEAD };
    const observer = new IntersectionObserver((entries) => {
      const isSeen = entries.at(-1)?.isIntersecting ?? false;
      // A focused row stays rendered, wherever the list is scrolled to.
      setIsNear(isSeen || element.contains(document.activeElement));
    }, options);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  return (
    <ul ref={list} className={styles.rows} style={{ blockSize: `calc(${count} * var(--control))` }}>
      {(isNear || hasTabStop) && children()}
    </ul>
  );
}
