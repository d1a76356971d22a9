import { act } from "@testing-library/react";
import { beforeAll, expect, test } from "vitest";
import { advance, EMPTY, type ParsedDocument } from "../parse/incremental";
import { load } from "./loaded";
import { stage } from "./stage";
import { documentOf, piecesOf, randomOf } from "./streams";

/** The number of streams, set by TIDEWIRE_FUZZ; the long form uses 3000. */
const COUNT = Number(process.env.TIDEWIRE_FUZZ ?? 200);
/** The average number of states of one text that are rendered. */
const FRAMES = 16;

beforeAll(load, 30_000);

/** An element's content as text: attributes in order, without the ids that React generates. */
function written(node: Node): string {
  if (!(node instanceof Element)) return node.textContent ?? "";
  const attributes = [...node.attributes]
    .map(({ name, value }) => ` ${name}="${value.replaceAll(/md_?r_\w+_?-/g, "")}"`)
    .sort()
    .join("");
  return `<${node.tagName}${attributes}>${[...node.childNodes].map(written).join("")}`;
}

function blocksOf(document: ParsedDocument): string {
  return JSON.stringify(document.groups, (key, value) => (key === "ordinal" ? undefined : value));
}

/** A text made from a seed, and the part that has arrived after each of its pieces. */
function* states(seed: number): Generator<{ text: string; arrived: string; random: () => number }> {
  const random = randomOf(seed);
  const text = documentOf(random);
  let arrived = "";
  for (const piece of piecesOf(text, random)) {
    arrived += piece;
    yield { text, arrived, random };
  }
}

const SEEDS = Array.from({ length: COUNT }, (_, at) => at + 1);
const LONG = { timeout: 1_200_000 };

test(`a streamed text shows what it shows at once (${COUNT} streams)`, LONG, async () => {
  for (const seed of SEEDS) {
    const { container, show, unmount } = stage();
    let whole = "";
    let frame = 0;
    for (const { text, arrived, random } of states(seed)) {
      whole = text;
      // One frame shows several pieces.
      if (arrived.length < frame) continue;
      frame = arrived.length + (random() * 2 * text.length) / FRAMES;
      show(arrived, true);
    }
    const atOnce = stage();
    await act(async () => {
      show(whole, false);
      atOnce.show(whole, false);
    });
    const same = written(container) === written(atOnce.container);
    expect(same, `seed ${seed}: ${JSON.stringify(whole)}`).toBe(true);
    unmount();
    atOnce.unmount();
  }
});

test(`a text is read at any moment as if it had come in one piece (${COUNT} streams)`, LONG, () => {
  for (const seed of SEEDS) {
    let read = EMPTY;
    for (const { arrived, random } of states(seed)) {
      read = advance(read, arrived, true);
      if (arrived.length > 400 && random() < 0.95) continue;
      const same = blocksOf(read) === blocksOf(advance(EMPTY, arrived, true));
      expect(same, `seed ${seed}: ${JSON.stringify(arrived)}`).toBe(true);
    }
  }
});
