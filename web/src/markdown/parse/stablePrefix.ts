/**
 * Finds the prefix of a long block that no later text changes: the first items of a list, rows of a
 * table, lines of code. While the block grows, only the text after this prefix is parsed again.
 */
import type { Token, Tokens } from "marked";
import type { Node } from "./nodes";
import { isClosed, isFence } from "./openBlock";

/** The length that is parsed repeatedly before the block gets a (longer) prefix. */
const LONG = 1_024;
/** Items, rows or lines at the end that later text may change. */
const UNSTABLE = 2;

export interface StablePrefix {
  /** The text that must precede the rest for it to be parsed as the same kind of block. */
  readonly head: string;
  /** The stable part of the block; its `raw` need not be parsed again. */
  readonly node: Tokens.List | Tokens.Table | Tokens.Code;
}

/** The stable prefix of a growing block, if it is long enough to need one. */
export function stablePrefixOf(
  block: Node,
  previous: StablePrefix | undefined,
): StablePrefix | undefined {
  if (block.raw.length - (previous?.node.raw.length ?? 0) < LONG) return previous;
  switch (block.type) {
    case "list": {
      const items = block.items.slice(0, -UNSTABLE);
      const raw = items.map((item) => item.raw).join("");
      return prefixIn("", { ...block, items, raw }, block);
    }
    case "table": {
      const lines = block.raw.split("\n");
      const rows = block.rows.slice(0, -UNSTABLE);
      const head = `${lines.slice(0, 2).join("\n")}\n`;
      const raw = `${lines.slice(0, rows.length + 2).join("\n")}\n`;
      return prefixIn(head, { ...block, rows, raw }, block);
    }
    case "code": {
      if (!isFence(block) || isClosed(block)) return previous;
      const stableLines = block.text.split("\n").slice(0, -UNSTABLE);
      const lines = block.raw.split("\n");
      const text = `${stableLines.join("\n")}\n`;
      const raw = `${lines.slice(0, stableLines.length + 1).join("\n")}\n`;
      return prefixIn(`${lines[0] ?? ""}\n`, { ...block, text, raw }, block);
    }
    default:
      return undefined;
  }
}

function prefixIn(head: string, node: StablePrefix["node"], block: Node): StablePrefix | undefined {
  return node.raw.length > head.length && block.raw.startsWith(node.raw)
    ? { head, node }
    : undefined;
}

/** The whole block, from its prefix and the parsed rest. */
export function joinPrefix(prefix: StablePrefix, rest: Node | undefined): Node | undefined {
  const { head, node } = prefix;
  if (rest === undefined) return undefined;
  const raw = node.raw + rest.raw.slice(head.length);
  if (node.type === "list" && rest.type === "list") {
    // A list that becomes loose does so from its first item on: it is parsed as a whole again.
    if (rest.loose && !node.loose) return undefined;
    const items = node.loose && !rest.loose ? rest.items.map(asLooseItem) : rest.items;
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

/** An item as it is parsed in a loose list. */
function asLooseItem(item: Tokens.ListItem): Tokens.ListItem {
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
