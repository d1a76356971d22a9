/** A page that renders one text synchronously, to test many states in little time. */
import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import { Markdown } from "..";

export interface Stage {
  readonly container: Element;
  /** Shows a state of the text; a new `message` starts with an empty renderer. */
  show(text: string, live: boolean, message?: number): void;
  unmount(): void;
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
    unmount: () => flushSync(() => root.unmount()),
  };
}
