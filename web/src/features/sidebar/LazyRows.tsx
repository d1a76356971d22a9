/** Some rows of the list that stand together; far from the view there is only their place. */
import { type ReactNode, useEffect, useRef, useState } from "react";
import styles from "./ConversationList.module.css";

/** How many rows belong together. */
export const ROWS = 50;
/** How far from the view they are drawn. */
const AHEAD = "800px 0px";

export interface LazyRowsProps {
  readonly count: number;
  /** Drawn with the list, before anybody can say what is in view. */
  readonly isFirst: boolean;
  /** Drawn wherever it is: Tab leads into it. */
  readonly isHeld: boolean;
  /** Its rows, when they are wanted. */
  readonly children: () => ReactNode;
}

export function LazyRows({ count, isFirst, isHeld, children }: LazyRowsProps) {
  const list = useRef<HTMLUListElement>(null);
  const [isNear, setIsNear] = useState(isFirst);

  useEffect(() => {
    const element = list.current;
    if (element === null) return;
    const options = { root: element.closest("[data-list]"), rootMargin: AHEAD };
    const observer = new IntersectionObserver((entries) => {
      const isSeen = entries.at(-1)?.isIntersecting ?? false;
      // Whoever has the focus stays, wherever the list is scrolled to.
      setIsNear(isSeen || element.contains(document.activeElement));
    }, options);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  return (
    <ul ref={list} className={styles.rows} style={{ blockSize: `calc(${count} * var(--control))` }}>
      {(isNear || isHeld) && children()}
    </ul>
  );
}
