/** Collects footnote definitions and numbers them by first reference. */
import { createContext } from "react";
import { type FootnoteDefinition, type FootnoteReference, type Node, nodesOf } from "./nodes";

export interface Footnote {
  readonly label: string;
  /** Counted from 1, in the order of the first references. */
  readonly number: number;
  readonly references: number;
  readonly definition: FootnoteDefinition | undefined;
}

export interface Footnotes {
  /** Unique on the page, so that two messages may both have a first footnote. */
  readonly prefix: string;
  readonly byLabel: ReadonlyMap<string, Footnote>;
}

export const NO_FOOTNOTES: ReadonlyMap<string, Footnote> = new Map();

export const FootnotesContext = createContext<Footnotes>({ prefix: "", byLabel: NO_FOOTNOTES });

/** Finds and numbers footnotes. In `live` text a reference counts before its definition arrives. */
export function collectFootnotes(
  groups: readonly (readonly Node[])[],
  live: boolean,
): ReadonlyMap<string, Footnote> {
  const blocks = groups.flat().filter((block) => block.raw.includes("[^"));
  if (blocks.length === 0) return NO_FOOTNOTES;
  const scan: FootnoteScan = { definitions: new Map(), references: [] };
  for (const block of blocks) visit(block, scan);
  const counts = new Map<string, number>();
  const queue = [...scan.references];
  for (const reference of queue) {
    const { label } = reference;
    const definition = scan.definitions.get(label);
    if (definition === undefined && !live) continue;
    const count = (counts.get(label) ?? 0) + 1;
    counts.set(label, count);
    reference.ordinal = count;
    // References inside a definition are counted after those of the text.
    if (count === 1 && definition !== undefined) queue.push(...referencesIn(definition));
  }
  return new Map(
    [...counts].map(([label, references], at) => {
      const definition = scan.definitions.get(label);
      return [label, { label, number: at + 1, references, definition }];
    }),
  );
}

/** Whether both render the same. */
export function areAlike(
  one: ReadonlyMap<string, Footnote>,
  other: ReadonlyMap<string, Footnote>,
): boolean {
  if (one.size !== other.size) return false;
  return [...one.values()].every((footnote) => {
    const { number, references, definition } = other.get(footnote.label) ?? {};
    return (
      footnote.number === number &&
      footnote.references === references &&
      footnote.definition === definition
    );
  });
}

interface FootnoteScan {
  readonly definitions: Map<string, FootnoteDefinition>;
  readonly references: FootnoteReference[];
}

function visit(node: Node, scan: FootnoteScan): void {
  if (node.type === "footnoteReference") {
    scan.references.push(node);
  } else if (node.type === "footnoteDefinition") {
    if (!scan.definitions.has(node.label)) scan.definitions.set(node.label, node);
    const inside: FootnoteScan = { definitions: scan.definitions, references: [] };
    for (const child of nodesOf(node.tokens)) visit(child, inside);
  } else {
    for (const child of childrenOf(node)) visit(child, scan);
  }
}

function referencesIn(definition: FootnoteDefinition): readonly FootnoteReference[] {
  const scan: FootnoteScan = { definitions: new Map(), references: [] };
  for (const child of nodesOf(definition.tokens)) visit(child, scan);
  return scan.references;
}

function childrenOf(node: Node): readonly Node[] {
  if (node.type === "list") return node.items.flatMap((item) => nodesOf(item.tokens));
  if (node.type === "table") {
    return [node.header, ...node.rows].flat().flatMap((cell) => nodesOf(cell.tokens));
  }
  return "tokens" in node ? nodesOf(node.tokens) : [];
}
