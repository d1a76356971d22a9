/** Marks the words that were looked for in a message, without touching the message. */

const NAME = "sought";
/** More than anybody reads; a word of one letter is everywhere. */
const MOST = 500;

/** The words and the phrases of a search, as the host understands it. */
export function wordsOf(query: string): string[] {
  const found = query.matchAll(/"([^"]*)"?|[^\s"]+/g);
  return [...found].map(([whole, phrase]) => folded(phrase ?? whole).text).filter(Boolean);
}

/** Mark them in this element; returns what takes the marks away. */
export function markWords(element: Element, words: readonly string[]): () => void {
  // Older web views mark nothing; the message itself is shown all the same.
  if (words.length === 0 || typeof Highlight === "undefined") return () => {};
  const ranges: Range[] = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode() !== null && ranges.length < MOST) {
    const node = walker.currentNode;
    for (const [start, end] of placesOf(node.nodeValue ?? "", words)) {
      const range = new Range();
      range.setStart(node, start);
      range.setEnd(node, end);
      ranges.push(range);
    }
  }
  const marks = new Highlight(...ranges);
  CSS.highlights.set(NAME, marks);
  return () => {
    if (CSS.highlights.get(NAME) === marks) CSS.highlights.delete(NAME);
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
