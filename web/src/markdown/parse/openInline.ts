/**
 * Determines the part of an unfinished line that can be shown. Open emphasis and code are closed; an
 * incomplete link, formula or address is held back, so that nothing shows as characters first and as a
 * link a moment later.
 */
import { formulaAt } from "./math";

/** Most characters that are held back for a construct that may never be completed. */
const MAX_HELD = 300;
/** Deeper nested emphasis is not closed. */
const DEEPEST = 16;
const MAX_HELD_FORMULA = 2_000;

interface Opener {
  readonly mark: string;
  readonly at: number;
  length: number;
}

const ADDRESS = /(?:https?|ftp):\/\/[^\s<]*|www\.[^\s<]*/iy;
/** The first letters of an address, at the end of the text. */
const ADDRESS_BEGUN = /(?:h|ht|htt|https?|https?:|https?:\/|mailto:\S*|w|ww|www)$/iy;
const ENTITY_BEGUN = /&#?\w{0,31}$/y;
const TAG_BEGUN = /<(?:[A-Za-z/!][^\s<>]{0,300})?$/y;
const AUTOLINK = /<[A-Za-z][\w.+-]*[:@][^\s<>]*>/y;
const PUNCTUATION = /[\p{P}\p{S}]/u;
const WORD = /[\p{L}\p{N}]/u;
const SPACE = /\s/;

/** The part of an incomplete text to show. */
export function closeInline(text: string): string {
  const scan = new Scan(text);
  return scan.run();
}

class Scan {
  readonly #text: string;
  readonly #openers: Opener[] = [];
  readonly #brackets: number[] = [];
  /** The last possible end of a formula. */
  readonly #lastFormula: number;
  #end: number;

  constructor(text: string) {
    this.#text = text;
    const ends = ["$", "\\)", "\\]"].map((mark) => text.lastIndexOf(mark));
    this.#lastFormula = Math.max(...ends);
    this.#end = text.length;
  }

  run(): string {
    let at = 0;
    while (at < this.#end) {
      const next = this.#step(at);
      if (typeof next === "string") return next;
      at = next;
    }
    this.#holdBrackets();
    return this.#close("");
  }

  /** Reads one construct: returns the offset of the next, or the whole result if it ends here. */
  #step(at: number): number | string {
    const text = this.#text;
    switch (text[at]) {
      case "\\":
        return this.#escape(at);
      case "`":
        return this.#code(at);
      case "$":
        return this.#formula(at) ?? at + 1;
      case "[":
        this.#brackets.push(text[at - 1] === "!" ? at - 1 : at);
        return at + 1;
      case "!":
        if (at + 1 === text.length) return this.#hold(at);
        return at + 1;
      case "]":
        return this.#bracketEnd(at);
      case "*":
      case "_":
      case "~":
        return this.#delimiters(at);
      case "<": {
        const complete = matchAt(AUTOLINK, text, at);
        if (complete > 0) return at + complete;
        return matchAt(TAG_BEGUN, text, at) > 0 ? this.#hold(at) : at + 1;
      }
      case "&":
        return matchAt(ENTITY_BEGUN, text, at) > 0 ? this.#hold(at) : at + 1;
      case "@":
        return this.#mail(at);
      default:
        return this.#word(at);
    }
  }

  #hold(at: number): number {
    this.#end = Math.min(this.#end, at);
    return this.#text.length;
  }

  /** Holds back every bracket that is still open, unless that lasts too long. */
  #holdBrackets(): void {
    for (const bracket of this.#brackets) {
      if (this.#text.length - bracket <= MAX_HELD) this.#hold(bracket);
    }
  }

  #escape(at: number): number {
    if (at + 1 === this.#text.length) return this.#hold(at);
    return this.#formula(at) ?? at + 2;
  }

  #formula(at: number): number | undefined {
    const rest = this.#text.slice(at);
    if (at > this.#lastFormula && rest.length > MAX_HELD_FORMULA) return undefined;
    const found = formulaAt(rest);
    if (found === undefined) return undefined;
    if (found !== "open") return at + found.raw.length;
    const limit = rest.startsWith("$") && rest[1] !== "$" ? MAX_HELD : MAX_HELD_FORMULA;
    return rest.length <= limit ? this.#hold(at) : undefined;
  }

  #code(at: number): number | string {
    const text = this.#text;
    const length = runLength(text, at);
    const start = at + length;
    if (start === text.length) return this.#hold(at);
    for (let stop = text.indexOf("`", start); stop >= 0; stop = text.indexOf("`", stop)) {
      const closing = runLength(text, stop);
      stop += closing;
      if (closing === length) return stop;
    }
    const content = text.slice(start).replace(/`+$/, "");
    if (content.trim() === "") return this.#hold(at);
    this.#end = start + content.length;
    this.#holdBrackets();
    return this.#close(this.#end > at ? "`".repeat(length) : "");
  }

  /** After `]`: an address in parentheses, a label in brackets, or nothing. */
  #bracketEnd(at: number): number {
    const text = this.#text;
    const openBracket = this.#brackets.pop();
    if (openBracket === undefined) return at + 1;
    const next = text[at + 1];
    const patient = text.length - openBracket <= MAX_HELD;
    if (next === undefined) return patient ? this.#hold(openBracket) : at + 1;
    if (next === "(") {
      const end = addressEnd(text, at + 1);
      if (end > 0) return end;
      // An address without a space in it is still incomplete, however long it is.
      const unbroken = !/\s/.test(text.slice(at + 2));
      return unbroken || text.length - at <= MAX_HELD ? this.#hold(openBracket) : at + 1;
    }
    if (next === "[" && !text.includes("]", at + 1)) {
      return patient ? this.#hold(openBracket) : at + 1;
    }
    return at + 1;
  }

  #delimiters(at: number): number {
    const text = this.#text;
    const mark = text[at] ?? "";
    let left = runLength(text, at);
    const stop = at + left;
    const before = at === 0 ? " " : (text[at - 1] ?? " ");
    if (stop === text.length) {
      // An opening or closing delimiter; either way it is no text.
      return left <= 3 ? this.#hold(at) : stop;
    }
    if (left > 3 || (mark === "~" && left !== 2)) return stop;
    const after = text[stop] ?? " ";
    if (!SPACE.test(before)) left = this.#pop(mark, left);
    const opens =
      left > 0 &&
      !WORD.test(before) &&
      !SPACE.test(after) &&
      (!PUNCTUATION.test(after) || SPACE.test(before) || PUNCTUATION.test(before)) &&
      // A single asterisk before a dot or a bracket is more often a wildcard.
      (left > 1 || WORD.test(after));
    if (opens && this.#openers.length < DEEPEST) this.#openers.push({ mark, at, length: left });
    return stop;
  }

  /** Closes the constructs that these delimiters close; returns how many delimiters are left. */
  #pop(mark: string, count: number): number {
    let left = count;
    while (left > 0) {
      const found = this.#openers.findLastIndex((opener) => opener.mark === mark);
      const opener = this.#openers[found];
      if (opener === undefined) break;
      const closed = Math.min(left, opener.length);
      left -= closed;
      opener.length -= closed;
      this.#openers.length = opener.length > 0 ? found + 1 : found;
    }
    return left;
  }

  #mail(at: number): number {
    const text = this.#text;
    const named = at > 0 && /[\w.+-]/.test(text[at - 1] ?? "");
    const rest = text.slice(at);
    return named && rest.length <= MAX_HELD && !/\s/.test(rest) ? this.#hold(at) : at + 1;
  }

  #word(at: number): number {
    const text = this.#text;
    if (at > 0 && WORD.test(text[at - 1] ?? "")) return at + 1;
    const length = matchAt(ADDRESS, text, at);
    if (length > 0) return at + length === text.length ? this.#hold(at) : at + length;
    return matchAt(ADDRESS_BEGUN, text, at) > 0 ? this.#hold(at) : at + 1;
  }

  /** The certain text, with all open constructs closed. */
  #close(inner: string): string {
    let shown = this.#text.slice(0, this.#end);
    let closers = inner;
    if (inner === "") shown = shown.trimEnd();
    for (const opener of this.#openers.toReversed()) {
      if (opener.at >= this.#end) continue;
      if (closers === "" && opener.at + opener.length >= shown.length) {
        // The construct is still empty.
        shown = shown.slice(0, opener.at).trimEnd();
      } else {
        closers += opener.mark.repeat(opener.length);
      }
    }
    return shown + closers;
  }
}

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

function runLength(text: string, at: number): number {
  let end = at + 1;
  while (text[end] === text[at]) end += 1;
  return end - at;
}

/** The offset of the parenthesis that closes the one at `at`; 0 if there is none. */
function addressEnd(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    const character = text[i];
    if (character === "\\") i += 1;
    else if (character === "(") depth += 1;
    else if (character === ")") {
      depth -= 1;
      if (depth === 0) return i + 1;
    }
  }
  return 0;
}
