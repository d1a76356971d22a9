/** Finds formulas, and rejects text that only looks like one. */

export interface Formula {
  readonly raw: string;
  readonly tex: string;
  readonly display: boolean;
}

/** Longer ones are no formulas, which also bounds the search from each opening. */
const LONGEST = 4_000;
const COMMANDS = /\\[A-Za-z]+|\{[^{}]*(?:\}|$)/g;
/** The length of text that is enough to recognize prose. */
const LONGEST_WORDS = 300;
/** Two words in a row are prose: `$5 and $10`, `$PATH to the …`. */
const PROSE = /[A-Za-z]{3,}\s+[A-Za-z]{2,}/;
const AMOUNT = /^\d[\s\S]*[A-Za-z]{2,}/;

/** The formula that begins a text; "open" if more text may complete one, undefined if not. */
export function formulaAt(whole: string): Formula | "open" | undefined {
  const text = whole.slice(0, LONGEST);
  const found = formulaIn(text);
  return found === "open" && text.length < whole.length ? undefined : found;
}

function formulaIn(text: string): Formula | "open" | undefined {
  if (text.startsWith("$$")) return delimited(text, "$$", true);
  if (text.startsWith("\\(")) return delimited(text, "\\)", false);
  if (text.startsWith("\\[")) return delimited(text, "\\]", true);
  return text.startsWith("$") ? dollars(text) : undefined;
}

function delimited(text: string, close: string, display: boolean): Formula | "open" | undefined {
  const end = text.indexOf(close, 2);
  const tex = end < 0 ? text.slice(2) : text.slice(2, end);
  if (end < 0 && text.length === LONGEST) return undefined;
  if (tex.includes("\n\n")) return undefined;
  if (end < 0) return close !== "$$" && looksLikeProse(tex) ? undefined : "open";
  // Escaped brackets, which are no formula, contain no letter and no number.
  if (!/[\p{L}\p{N}]/u.test(tex)) return undefined;
  return { raw: text.slice(0, end + 2), tex: tex.trim(), display };
}

function dollars(text: string): Formula | "open" | undefined {
  let at = 1;
  for (; at < text.length && text[at] !== "$"; at++) {
    if (text[at] === "\n" || text[at] === "`") return undefined;
    if (text[at] === "\\") at++;
  }
  const tex = text.slice(1, at);
  if (/^\s/.test(tex) || looksLikeProse(tex)) return undefined;
  if (at >= text.length) return "open";
  if (tex === "" || /\s$/.test(tex)) return undefined;
  const next = text[at + 1] ?? "";
  if (/\d/.test(next)) return undefined;
  // `$n$th` is a formula, `$HOME/$PATH` is not.
  if (/[A-Za-z]/.test(next) && tex.length > 3 && !/[\\^_]/.test(tex)) return undefined;
  return { raw: text.slice(0, at + 1), tex, display: false };
}

function looksLikeProse(tex: string): boolean {
  const plain = tex.slice(0, LONGEST_WORDS).replace(COMMANDS, " ");
  return PROSE.test(plain) || AMOUNT.test(plain);
}

/** The formula on lines of its own at the beginning of a text. */
export function formulaBlockAt(text: string): Formula | undefined {
  const indent = /^ {0,3}(?=\$\$|\\\[)/.exec(text);
  if (indent === null) return undefined;
  const found = formulaAt(text.slice(indent[0].length));
  if (found === undefined || found === "open") return undefined;
  const rest = /^[ \t]*(?:\n|$)/.exec(text.slice(indent[0].length + found.raw.length));
  return rest === null ? undefined : { ...found, raw: indent[0] + found.raw + rest[0] };
}
