import { act, cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { Markdown } from "..";
import { advance, type Document, EMPTY } from "../document";
import { documentOf, piecesOf, randomOf } from "./streams";

/** TIDEWIRE_FUZZ sets how many; the long form is 3000. */
const COUNT = Number(process.env.TIDEWIRE_FUZZ ?? 200);
/** About how many states of one text are rendered. */
const FRAMES = 16;
const LONG_MS = 1_200_000;
const ignore = (): void => undefined;

afterEach(cleanup);

// What is loaded when it is first needed is there from the beginning: both sides show the same.
beforeAll(async () => {
  render(<Markdown text={"$x$\n\n```js\nx\n```"} live={false} onOpenLink={ignore} />);
  await screen.findByText("x", { selector: "mi" });
  await screen.findByText("x", { selector: "code *, code" });
  cleanup();
});

/** What an element holds, written out: attributes in order, without the ids that React gives. */
function written(node: Node): string {
  if (!(node instanceof Element)) return node.textContent ?? "";
  const attributes = [...node.attributes]
    .map(({ name, value }) => ` ${name}="${value.replaceAll(/md_?r_\w+_?-/g, "")}"`)
    .sort()
    .join("");
  return `<${node.tagName}${attributes}>${[...node.childNodes].map(written).join("")}`;
}

function blocksOf(document: Document): string {
  return JSON.stringify(document.groups, (key, value) => (key === "ordinal" ? undefined : value));
}

describe("a streamed text", () => {
  test(
    `shows what the same text shows at once (${COUNT} streams)`,
    async () => {
      for (let seed = 1; seed <= COUNT; seed++) {
        const random = randomOf(seed);
        const text = documentOf(random);
        const view = render(<Markdown text="" live onOpenLink={ignore} />);
        let arrived = "";
        const pieces = piecesOf(text, random);
        for (const piece of pieces) {
          arrived += piece;
          // A frame shows what several pieces have brought.
          if (random() * pieces.length > FRAMES) continue;
          view.rerender(<Markdown text={arrived} live onOpenLink={ignore} />);
        }
        view.rerender(<Markdown text={text} live={false} onOpenLink={ignore} />);
        const whole = render(<Markdown text={text} live={false} onOpenLink={ignore} />);
        await act(async () => undefined);
        const same = written(view.container) === written(whole.container);
        expect(same, `seed ${seed}: ${JSON.stringify(text)}`).toBe(true);
        cleanup();
      }
    },
    LONG_MS,
  );

  test(
    `is read at any moment as if it had come in one piece (${COUNT} streams)`,
    () => {
      for (let seed = 1; seed <= COUNT; seed++) {
        const random = randomOf(seed);
        const text = documentOf(random);
        let document = EMPTY;
        let arrived = "";
        for (const piece of piecesOf(text, random)) {
          arrived += piece;
          document = advance(document, arrived, true);
          if (arrived.length > 400 && random() < 0.9) continue;
          const same = blocksOf(document) === blocksOf(advance(EMPTY, arrived, true));
          expect(same, `seed ${seed}: ${JSON.stringify(arrived)}`).toBe(true);
        }
      }
    },
    LONG_MS,
  );
});
