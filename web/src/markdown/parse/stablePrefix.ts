/**
 * The part of one long block that no later text changes: the first items of a list, rows
 * of a table, lines of code. While the block grows, only what follows its stem is read again.
 */
import type { Token, Tokens } from "marked";
import type { Node } from "./nodes";
import { isClosed, isFence } from "./openBlock";

/** How much of a block is read again and again before it gets a (longer) stem. */
const LONG = 1_024;
/** Items, rows or lines at the end that later text may change. */
const UNSETTLED = 2;

export interface StablePrefix {
  /** What has to stand before the rest, for it to be read as the same kind of block. */
  readonly head: string;
  /** The block as far as it is settled; its `raw` is all that need not be read again. */
  readonly node: Tokens.List | Tokens.Table | Tokens.Code;
}

/** A stem for a block that still grows, if it is long enough to need one. */
export function stablePrefixOf(
  block: Node,
  stem: StablePrefix | undefined,
): StablePrefix | undefined {
  if (block.raw.length - (stem?.node.raw.length ?? 0) < LONG) return stem;
  switch (block.type) {
    case "list": {
      const items = block.items.slice(0, -UNSETTLED);
      const raw = items.map((item) => item.raw).join("");
      return made("", { ...block, items, raw }, block);
    }
    case "table": {
      const lines = block.raw.split("\n");
      const rows = block.rows.slice(0, -UNSETTLED);
      const head = `${lines.slice(0, 2).join("\n")}\n`;
      const raw = `${lines.slice(0, rows.length + 2).join("\n")}\n`;
      return made(head, { ...block, rows, raw }, block);
    }
    case "code": {
      if (!isFence(block) || isClosed(block)) return stem;
      const kept = block.text.split("\n").slice(0, -UNSETTLED);
      const lines = block.raw.split("\n");
      const text = `${kept.join("\n")}\n`;
      const raw = `${lines.slice(0, kept.length + 1).join("\n")}\n`;
      return made(`${lines[0] ?? ""}\n`, { ...block, text, raw }, block);
    }
    default:
      return undefined;
  }
}

function made(head: string, node: StablePrefix["node"], block: Node): StablePrefix | undefined {
  return node.raw.length > head.length && block.raw.startsWith(node.raw)
    ? { head, node }
    : undefined;
}

/** The whole block again, from its stem and from what the rest was read as. */
export function grown(stem: StablePrefix, rest: Node | undefined): Node | undefined {
  const { head, node } = stem;
  if (rest === undefined) return undefined;
  const raw = node.raw + rest.raw.slice(head.length);
  if (node.type === "list" && rest.type === "list") {
    // A list that turns loose does so from its first item on: it is read as a whole again.
    if (rest.loose && !node.loose) return undefined;
    const items = node.loose && !rest.loose ? rest.items.map(loosened) : rest.items;
    return { ...node, raw, items: [...node.items, ...items] };
  }
  if (node.type === "table" && rest.type === "table") {
    return { ...node, raw, rows: [...node.rows, ...rest.rows] };
  }
  if (node.type === "code" && isFence(rest)) {
    return { ...node, raw, text: node.text + rest.text };
  }
  return undefined;
}

/** An item as it is read in a list whose items are paragraphs. */
function loosened(item: Tokens.ListItem): Tokens.ListItem {
  const [first, second, ...others] = item.tokens;
  const tokens = item.tokens.map(asParagraph);
  if (first?.type !== "checkbox" || second?.type !== "text") {
    return { ...item, loose: true, tokens };
  }
  const task = { ...asParagraph(second), tokens: [first, ...(second.tokens ?? [])] };
  return { ...item, loose: true, tokens: [task, ...others.map(asParagraph)] };
}

function asParagraph(token: Token): Token {
  return token.type === "text" ? { ...token, type: "paragraph" } : token;
}
