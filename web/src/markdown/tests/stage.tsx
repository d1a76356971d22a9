/** A page with one text on it, rendered at once each time: many states in little time. */
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { Markdown } from "..";

export interface Stage {
  readonly container: Element;
  /** Show a state of the text; with another `message`, on a message that has shown none. */
  show(text: string, live: boolean, message?: number): void;
  leave(): void;
}

export function stage(onOpenLink: (url: string) => void = () => undefined): Stage {
  const container = document.createElement("div");
  const root = createRoot(container);
  return {
    container,
    show: (text, live, message = 0) =>
      flushSync(() =>
        root.render(<Markdown key={message} text={text} live={live} onOpenLink={onOpenLink} />),
      ),
    leave: () => flushSync(() => root.unmount()),
  };
}
