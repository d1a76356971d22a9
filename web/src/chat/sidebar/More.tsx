/** More: the end of what is drawn; when it comes near the view, more is. */
import { useEffect, useRef } from "react";

/** How far below the view the reader may be before that. */
const AHEAD = "0px 0px 800px 0px";

export function More({ onSeen }: { readonly onSeen: () => void }) {
  const end = useRef<HTMLDivElement>(null);
  const seen = useRef(onSeen);
  seen.current = onSeen;
  useEffect(() => {
    if (end.current === null) return;
    const options = { root: end.current.parentElement, rootMargin: AHEAD };
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) seen.current();
    }, options);
    observer.observe(end.current);
    return () => observer.disconnect();
  }, []);
  return <div ref={end} aria-hidden="true" />;
}
