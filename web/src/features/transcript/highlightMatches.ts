/** Marks the words that were looked for in a message, without touching the message. */

/** More than anybody reads; a word of one letter is everywhere. */
const MOST = 500;

/** A text as one phrase. */
export const phraseOf = (query: string): string[] => [folded(query).text].filter(Boolean);

/** The words and the phrases of a search, as the host understands it. */
export function wordsOf(query: string): string[] {
  const found = query.matchAll(/"([^"]*)"?|[^\s"]+/g);
  return [...found].map(([whole, phrase]) => folded(phrase ?? whole).text).filter(Boolean);
}

/** What stands on a line of its own: no word goes on from one into the next. */
const BLOCKS = "p, li, td, th, pre, h1, h2, h3, h4, h5, h6, summary, div";

/** Where they stand in this element, also where a word is partly bold. */
export function rangesOf(element: Element, words: readonly string[]): Range[] {
  const nodes: { readonly node: Node; readonly from: number }[] = [];
  let text = "";
  let block: Element | null | undefined;
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() !== null) {
    const node = walker.currentNode;
    const around = node.parentElement?.closest(BLOCKS);
    if (around !== block) text += "\n";
    block = around;
    nodes.push({ node, from: text.length });
    text += node.nodeValue ?? "";
  }
  const range = ([start, end]: readonly [number, number]) => {
    const found = new Range();
    const first = nodes.findLast(({ from }) => from <= start);
    const last = nodes.findLast(({ from }) => from < end);
    if (first !== undefined) found.setStart(first.node, start - first.from);
    if (last !== undefined) found.setEnd(last.node, end - last.from);
    return found;
  };
  return placesOf(text, words).map(range);
}

/** Mark these places by a name; returns what takes the marks away. */
export function mark(name: "sought" | "found", ranges: readonly Range[]): () => void {
  // Older web views mark nothing; the message itself is shown all the same.
  if (ranges.length === 0 || typeof Highlight === "undefined") return () => {};
  const marks = new Highlight(...ranges);
  CSS.highlights.set(name, marks);
  return () => {
    if (CSS.highlights.get(name) === marks) CSS.highlights.delete(name);
  };
}

/** Where these words stand in a text, from and to. */
export function placesOf(given: string, words: readonly string[]): [number, number][] {
  const { text, places } = folded(given);
  const found: [number, number][] = [];
  for (const word of words) {
    for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + word.length)) {
      found.push([places[at] ?? 0, places[at + word.length] ?? given.length]);
      if (found.length >= MOST) return found;
    }
  }
  return found;
}

/** A text without accents and capitals, and where each of its units came from. */
function folded(given: string): { readonly text: string; readonly places: readonly number[] } {
  let text = "";
  const places: number[] = [];
  let place = 0;
  for (const letter of given) {
    const plain = letter.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    for (let unit = 0; unit < plain.length; unit += 1) places.push(place);
    text += plain;
    place += letter.length;
  }
  places.push(given.length);
  return { text, places };
}
