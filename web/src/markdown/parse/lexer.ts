/** The Markdown lexer: marked's, with formulas, footnotes, and limits against hostile texts. */
import { Lexer, type Links, type MarkedOptions, type Token, Tokenizer, type Tokens } from "marked";
import { formulaAt, formulaBlockAt } from "./math";
import type { FootnoteDefinition, FootnoteReference, MathNode, Node } from "./nodes";

/** Most nested quotes and lists; deeper ones stay text. */
const MAX_DEPTH = 24;
/** Emphasis and links are searched within this many characters, since real ones are shorter. */
const MAX_RUN = 4_096;
/** The limit for a text full of asterisks and underscores: each one searches for all the others. */
const DENSE_RUN = 512;

class Rules extends Tokenizer {
  #depth = 0;

  override blockquote(text: string): Tokens.Blockquote | undefined {
    return this.#deeper(() => super.blockquote(text));
  }

  override list(text: string): Tokens.List | undefined {
    return this.#deeper(() => super.list(text));
  }

  /** Searched only within the paragraph, because its underline stands right below. */
  override lheading(text: string): Tokens.Heading | undefined {
    const end = interruption(text) ?? text.indexOf("\n\n");
    return super.lheading(end < 0 ? text : text.slice(0, end + 1));
  }

  #deeper<T>(read: () => T | undefined): T | undefined {
    if (this.#depth >= MAX_DEPTH) return undefined;
    this.#depth += 1;
    try {
      return read();
    } finally {
      this.#depth -= 1;
    }
  }
}

/** Cached tokens of inline texts, or of parts of long ones. */
export type TextRuns = ReadonlyMap<string, Token[]>;

/** Parses one text: first its blocks, then their inline content. */
export class Reader extends Lexer {
  /** Whether the current run contains the end of a formula in brackets. */
  mayHoldFormula = true;
  readonly runs = new Map<string, Token[]>();
  #known: TextRuns = this.runs;

  /** `links` are the definitions before the text. */
  constructor(links: Links) {
    super({ gfm: true, tokenizer: new Rules(), extensions: EXTENSIONS });
    Object.assign(this.tokens.links, links);
  }

  get links(): Links {
    return this.tokens.links;
  }

  /** Parses the blocks. Their inline content waits in the queue and may be changed there. */
  readBlocks(text: string): Node[] {
    try {
      this.blockTokens(text, this.tokens);
    } catch {
      // Nested deeper than the stack allows: shown as source.
      this.inlineQueue = [];
      return [plain(text)];
    }
    return this.tokens as unknown as Node[];
  }

  /** Parses the inline content of the blocks; `known` runs were parsed before, with the same links. */
  readInside(known: TextRuns): void {
    this.#known = known;
    for (const { src, tokens } of this.inlineQueue) {
      this.state.inRawBlock = false;
      const before = known.get(src);
      // A task's checkbox may be there already.
      const start = tokens.length;
      try {
        if (before === undefined) this.inlineTokens(src, tokens);
        else tokens.push(...before);
      } catch {
        tokens.push({ type: "escape", raw: src, text: src });
      }
      // References to footnotes are counted, so each must be an object of its own.
      if (!src.includes("[^")) this.runs.set(src, tokens.slice(start));
    }
    this.inlineQueue = [];
  }

  override inlineTokens(text: string, tokens: Token[] = []): Token[] {
    if (text.length <= DENSE_RUN || runLength(text) === text.length) return this.#run(text, tokens);
    for (const raw of textRunsOf(text)) {
      const read = this.#known.get(raw) ?? this.#run(raw, []);
      if (!raw.includes("[^")) this.runs.set(raw, read);
      tokens.push({ type: "run", raw, tokens: read });
    }
    return tokens;
  }

  #run(text: string, tokens: Token[]): Token[] {
    const outer = this.mayHoldFormula;
    this.mayHoldFormula = text.includes("\\)") || text.includes("\\]");
    super.inlineTokens(text, tokens);
    this.mayHoldFormula = outer;
    return tokens;
  }
}

/** Splits a text into runs that are parsed one by one: emphasis and links end with the run. */
export function textRunsOf(text: string): string[] {
  const runs = [];
  for (let at = 0; at < text.length; ) {
    const run = text.slice(at, at + runLength(text.slice(at)));
    runs.push(run);
    at += run.length;
  }
  return runs;
}

/** The length of the next run: the whole text, or up to the limit's last end of a line or word. */
function runLength(text: string): number {
  const limit = text.length > DENSE_RUN && isDense(text) ? DENSE_RUN : MAX_RUN;
  if (text.length <= limit) return text.length;
  return text.lastIndexOf("\n", limit - 1) + 1 || text.lastIndexOf(" ", limit - 1) + 1 || limit;
}

/** More than one character in eight opens or closes emphasis, which does not occur in real texts. */
function isDense(text: string): boolean {
  const start = text.slice(0, MAX_RUN);
  return (start.match(/[*_~]/g)?.length ?? 0) > start.length / 8;
}

function mathBlock(text: string): MathNode | undefined {
  const formula = formulaBlockAt(text);
  return formula && { type: "math", ...formula };
}

function mathRun(this: { lexer: Lexer }, text: string): MathNode | undefined {
  const first = text[0];
  if (first !== "$" && first !== "\\") return undefined;
  if (first !== "$" && this.lexer instanceof Reader && !this.lexer.mayHoldFormula) return undefined;
  const formula = formulaAt(text);
  return formula === undefined || formula === "open" ? undefined : { type: "math", ...formula };
}

const DEFINITION = /^ {0,3}\[\^([^\s[\]]+)\]:[ \t]*/;
const INDENTED = /^(?: {4}|\t)/;
const BLANK = /^[ \t]*$/;
const BLOCK = /^ {0,3}(?:\[\^|[#>`~|]|[-*+] |\d{1,9}[.)] )/;

/** `[^label]: text`, and the lines below that are indented or continue it. */
function footnoteDefinition(this: { lexer: Lexer }, text: string): FootnoteDefinition | undefined {
  const found = DEFINITION.exec(text);
  if (found === null) return undefined;
  const [mark, label = ""] = found;
  const body = [];
  let pending = [];
  let at = mark.length;
  while (at <= text.length) {
    const stop = text.indexOf("\n", at);
    const line = text.slice(at, stop < 0 ? text.length : stop);
    const blank = BLANK.test(line);
    const first = body.length + pending.length === 0;
    const runsOn = pending.length === 0 && !blank && !BLOCK.test(line);
    if (!first && !blank && !runsOn && !INDENTED.test(line)) break;
    pending.push(line);
    // Blank lines belong to it only if an indented one follows.
    if (first || !blank) {
      body.push(...pending);
      pending = [];
    }
    if (stop < 0) break;
    at = stop + 1;
  }
  const raw = mark + body.join("\n");
  const inside = body.map((line) => line.replace(INDENTED, "")).join("\n");
  const tokens = this.lexer.blockTokens(inside, []);
  return { type: "footnoteDefinition", raw, label: label.toLowerCase(), tokens };
}

function footnoteReference(this: { lexer: Lexer }, text: string): FootnoteReference | undefined {
  // A reference is a link, and links cannot be nested.
  if (!text.startsWith("[^") || this.lexer.state.inLink) return undefined;
  const found = /^\[\^([^\s[\]]+)\](?![([:])/.exec(text);
  if (found === null) return undefined;
  const [raw, label = ""] = found;
  return { type: "footnoteReference", raw, label: label.toLowerCase(), ordinal: 0 };
}

/** Where a formula or footnote ends a paragraph, since no blank line has to precede it. */
function interruption(text: string): number | undefined {
  const end = text.indexOf("\n\n");
  const paragraph = end < 0 ? text : text.slice(0, end);
  for (const found of paragraph.matchAll(/\n(?= {0,3}(?:\$\$|\\\[|\[\^[^\s[\]]+\]:))/g)) {
    const rest = text.slice(found.index + 1);
    if (DEFINITION.test(rest) || formulaBlockAt(rest) !== undefined) return found.index;
  }
  return undefined;
}

const EXTENSIONS: NonNullable<MarkedOptions["extensions"]> = {
  block: [mathBlock, footnoteDefinition],
  inline: [mathRun, footnoteReference],
  startBlock: [interruption],
  startInline: [(text: string) => text.indexOf("$")],
  renderers: {},
  childTokens: {},
};

function plain(text: string): Node {
  return { type: "paragraph", raw: text, text, tokens: [{ type: "escape", raw: text, text }] };
}
