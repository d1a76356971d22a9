/** Preloads the renderer's lazy parts before the tests begin. */
import { cleanup, render, screen } from "@testing-library/react";
import { Markdown } from "..";

export async function load(): Promise<void> {
  // The tests' document has no doctype, of which the typesetter would warn.
  Object.defineProperty(document, "compatMode", { value: "CSS1Compat" });
  const text = "$x$\n\n```js\nlet\n```";
  render(<Markdown text={text} live={false} onOpenLink={() => undefined} />);
  await screen.findByText("x", { selector: "mi" }, { timeout: 10_000 });
  await screen.findByText("let", { selector: "code span" }, { timeout: 10_000 });
  cleanup();
}
