/** Highlights search matches in a message without changing its DOM. */

/** Most matches in one element; a single letter occurs everywhere. */
const MOST = 500;

/** A text as one phrase. */
export const phraseOf = (query: string): string[] => [fold(query).text].filter(Boolean);

/** The words and phrases of a search, split as the host does it. */
export function wordsOf(query: string): string[] {
  const found = query.matchAll(/"([^"]*)"?|[^\s"]+/g);
  return [...found].map(([whole, phrase]) => fold(phrase ?? whole).text).filter(Boolean);
}

/** Block elements: no match spans two of them. */
const BLOCKS = "p, li, td, th, pre, h1, h2, h3, h4, h5, h6, summary, div";

/** The ranges of the matches in this element, also where a word is partly bold. */
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

/** Highlights these ranges under a name; returns a function that removes the highlight. */
export function mark(name: "sought" | "found", ranges: readonly Range[]): () => void {
  // Older web views do not support highlights; the message itself is shown all the same.
  if (ranges.length === 0 || typeof Highlight === "undefined") return () => {};
  // Added one by one: a call can't take as many arguments as a long conversation has matches.
  const marks = new Highlight();
  for (const range of ranges) marks.add(range);
  CSS.highlights.set(name, marks);
  return () => {
    if (CSS.highlights.get(name) === marks) CSS.highlights.delete(name);
  };
}

/** Start and end of each match in a text. */
export function placesOf(source: string, words: readonly string[]): [number, number][] {
  const { text, places } = fold(source);
  const found: [number, number][] = [];
  for (const word of words) {
    for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + word.length)) {
      found.push([places[at] ?? 0, places[at + word.length] ?? source.length]);
      if (found.length >= MOST) return found;
    }
  }
  return found;
}

/** A text without accents and capitals, and the original position of each code unit. */
function fold(source: string): { readonly text: string; readonly places: readonly number[] } {
  let text = "";
  const places: number[] = [];
  let place = 0;
  for (const letter of source) {
    const plain = letter.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
    for (let unit = 0; unit < plain.length; unit += 1) places.push(place);
    text += plain;
    place += letter.length;
  }
  places.push(source.length);
  return { text, places };
}
