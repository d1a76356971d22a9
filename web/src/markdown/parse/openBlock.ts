/**
 * Handles the last block of a text that is still streaming. It is shown as what it will most likely
 * become; an ambiguous line is held back.
 */
import type { Tokens } from "marked";
import { type Reader, textRunsOf } from "./lexer";
import { formulaAt } from "./math";
import { type Node, nodesOf } from "./nodes";
import { closeInline } from "./openInline";

/** Only markup: a bullet, a number, a rule, a fence, the line below a table's head. */
const MARKS = /^[\s>*+\-_=#`~|:$\d.)\\[]*$/;
const TASK = /^[\s>]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[[ xX]?\]?[ \t]*$/;
const DEFINITION = /^[\s>]*\[[^\]\n]{0,200}(?:\](?::[ \t]*(?:\S*(?:[ \t]+(?:["'(][^\n]*)?)?)?)?)?$/;
const FOOTNOTE = /^[\s>]*\[\^[^\]\n]*(?:\](?::[ \t]*)?)?$/;
const TABLE_HEAD = /^[\s>]*\|/;
const TABLE_RULE = /^[\s>]*\|?[\s|:-]*$/;
const LONGEST_LINE = 2_000;
const LONGEST_FORMULA = 4_000;
/** The beginning of a formula on lines of its own. */
const FORMULA = /(?:^|\n)[ \t>]*(?=\$\$|\\\[)/g;

/** The innermost node at the end, which more text would continue. */
export function lastLeaf(nodes: readonly Node[]): Node | undefined {
  const last = nodes.at(-1);
  switch (last?.type) {
    case "list":
      return lastLeaf(nodesOf(last.items.at(-1)?.tokens)) ?? last;
    case "blockquote":
    case "footnoteDefinition":
      return lastLeaf(nodesOf(last.tokens)) ?? last;
    default:
      return last;
  }
}

export function isFence(node: Node | undefined): node is Tokens.Code {
  return node?.type === "code" && node.codeBlockStyle !== "indented";
}

/** Whether a fenced block's closing fence has been parsed. */
export function isClosed(fence: Tokens.Code): boolean {
  const mark = /^ {0,3}(`{3,}|~{3,})/.exec(fence.raw)?.[1] ?? "```";
  const raw = fence.raw.trimEnd();
  const last = raw.slice(raw.lastIndexOf("\n") + 1).trim();
  return (
    raw.includes("\n") && last.length >= mark.length && last === mark.charAt(0).repeat(last.length)
  );
}

/**
 * The number of characters that can be shown: all, or all but the lines at the end that may still
 * become something else. `leafOf` parses a text and returns its last leaf, and `leaf` is that of this
 * text.
 */
export function certainLength(
  text: string,
  leaf: Node | undefined,
  leafOf: (text: string) => Node | undefined,
): number {
  if (isFence(leaf)) {
    // An incomplete fence line is not shown: its language is still growing.
    return leaf.raw.includes("\n") ? text.length : lineStart(text, text.length);
  }
  if (leaf?.type === "html" || leaf?.type === "math") return text.length;
  const formula = openFormula(text);
  if (formula !== undefined) return formula;
  const start = lineStart(text, text.length);
  const line = text.slice(start);
  const above = lineStart(text, start - 1);
  const lineAbove = start === 0 ? "" : text.slice(above, start - 1);
  // Below a table's head, the delimiter line counts when it is complete.
  const inTable = leaf?.type === "table" && (line === "" || leaf.rows.length > 0);
  if (!inTable && TABLE_HEAD.test(lineAbove) && TABLE_RULE.test(line)) {
    // A line inside a table is a row of it, not the head of another.
    return leafOf(text.slice(0, start))?.type === "table" ? start : above;
  }
  if (line.trim() === "" || line.length > LONGEST_LINE) return text.length;
  if (MARKS.test(line) || TASK.test(line) || DEFINITION.test(line) || FOOTNOTE.test(line)) {
    return start;
  }
  if (!inTable && TABLE_HEAD.test(line)) return start;
  return text.length;
}

/** The offset of the unfinished formula, if there is one. */
function openFormula(text: string): number | undefined {
  const from = Math.max(text.lastIndexOf("\n\n"), text.length - LONGEST_FORMULA, 0);
  const paragraph = text.slice(from);
  if (!paragraph.includes("$$") && !paragraph.includes("\\[")) return undefined;
  let closed = 0;
  for (const found of paragraph.matchAll(FORMULA)) {
    const begin = found.index + found[0].length;
    if (found.index < closed) continue;
    const formula = formulaAt(paragraph.slice(begin));
    if (formula === "open") return from + found.index;
    if (formula !== undefined) closed = begin + formula.raw.length;
  }
  return undefined;
}

function lineStart(text: string, end: number): number {
  return end <= 0 ? 0 : text.lastIndexOf("\n", end - 1) + 1;
}

/** Makes the last block presentable before its inline content is parsed. */
export function closeLastBlock(nodes: readonly Node[], reader: Reader): void {
  const leaf = lastLeaf(nodes);
  if (isFence(leaf)) {
    if (!isClosed(leaf)) leaf.text = leaf.text.replace(/\n? {0,3}[`~]+$/, "");
    return;
  }
  const inside =
    leaf?.type === "table"
      ? leaf.rows.at(-1)?.findLast((cell) => cell.text !== "")?.tokens
      : leaf !== undefined && "tokens" in leaf && leaf.tokens;
  const queued = reader.inlineQueue.findLast(({ tokens }) => tokens === inside);
  if (queued === undefined) return;
  // Open constructs of a long text are searched in its last run.
  const last = textRunsOf(queued.src).at(-1) ?? "";
  queued.src = queued.src.slice(0, queued.src.length - last.length) + closeInline(last);
}
