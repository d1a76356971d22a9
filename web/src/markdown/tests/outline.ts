/** The outline of a rendered text: nested lists of its content, without decoration. */

export type Outline = string | Part;
interface Part extends ReadonlyArray<Outline> {
  readonly 0: string;
}

const KEPT = new Set(
  `a blockquote br code del em h1 h2 h3 h4 h5 h6 hr img input li ol p pre section strong sup table
  tbody td th thead tr ul`.split(/\s+/),
);

/** The outline of an element's content; with `base`, links are compared by their resolved addresses. */
export function outlineOf(element: Element, base?: string): Outline[] {
  const block = !INLINE.has(element.tagName.toLowerCase());
  return tidy(
    [...element.childNodes].flatMap((child) => parts(child, base)),
    block,
  );
}

function parts(node: ChildNode, base: string | undefined): Outline[] {
  if (node.nodeType === 3) return [node.textContent ?? ""];
  if (!isElement(node)) return [];
  const tag = node.tagName.toLowerCase();
  if (isDecoration(node)) return [];
  if (tag === "img" || node.getAttribute("role") === "img") {
    return [["img", node.getAttribute("alt") ?? altOf(node)]];
  }
  if (tag === "pre") return [["pre", (node.textContent ?? "").replace(/\n$/, "")]];
  if (!KEPT.has(tag)) return [...node.childNodes].flatMap((child) => parts(child, base));
  return [[tag, ...attributes(node, tag, base), ...outlineOf(node, base)]];
}

function altOf(chip: Element): string {
  return [...chip.childNodes]
    .filter((child) => child.nodeType === 3)
    .map((child) => child.textContent)
    .join("");
}

/** The line above a code block, with its language and its button. */
function isDecoration(element: Element): boolean {
  return (
    element.tagName === "DIV" &&
    element.querySelector("button") !== null &&
    element.querySelector("pre") === null
  );
}

function attributes(element: Element, tag: string, base: string | undefined): Outline[] {
  const of = (name: string): string[] => {
    const value = element.getAttribute(name);
    return value === null ? [] : [`${name}=${value}`];
  };
  switch (tag) {
    case "a": {
      const href = element.getAttribute("href");
      if (href === null || element.hasAttribute("data-footnote-backref")) return [];
      if (href.startsWith("#") && element.hasAttribute("data-footnote-ref")) return ["href=#"];
      return base === undefined ? [`href=${href}`] : [`href=${new URL(href, base).href}`];
    }
    case "ol":
      return of("start");
    case "input":
      return [`checked=${(element as HTMLInputElement).checked}`];
    case "td":
    case "th":
      return [(element as HTMLElement).style.textAlign];
    default:
      return [];
  }
}

/** Joins neighboring texts, collapses white space, and trims the edges of a block. */
function tidy(parts: Outline[], block: boolean): Outline[] {
  const tidied: Outline[] = [];
  for (const part of parts) {
    const last = tidied.at(-1);
    if (typeof part === "string" && typeof last === "string")
      tidied[tidied.length - 1] = last + part;
    else tidied.push(part);
  }
  return tidied
    .map((part, at) => {
      if (typeof part !== "string") return part;
      let text = part.replace(/\s+/g, " ");
      if (isEdge(tidied[at - 1], block)) text = text.trimStart();
      if (isEdge(tidied[at + 1], block)) text = text.trimEnd();
      return text;
    })
    .filter((part) => part !== "");
}

const INLINE = new Set(["a", "br", "code", "del", "em", "img", "input", "strong", "sup"]);

function isEdge(neighbour: Outline | undefined, block: boolean): boolean {
  if (neighbour === undefined) return block;
  return typeof neighbour !== "string" && (!INLINE.has(neighbour[0]) || neighbour[0] === "br");
}

function isElement(node: ChildNode): node is ChildNode & Element {
  return node.nodeType === 1;
}
