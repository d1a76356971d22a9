/**
 * Grammar: how Markdown is read. It is marked's lexer with formulas and footnotes, and with
 * limits, since a text may be written to exhaust it.
 */
import { Lexer, type Links, type MarkedOptions, type Token, Tokenizer, type Tokens } from "marked";
import { formulaAt, formulaBlockAt } from "./math";
import type { FootnoteDefinition, FootnoteReference, MathNode, Node } from "./nodes";

/** Quotes and lists inside each other; what is deeper is text. */
const MAX_DEPTH = 24;
/** Emphasis and links are looked for within this many characters; nobody writes longer ones. */
const MAX_RUN = 8_192;

class Rules extends Tokenizer {
  #depth = 0;

  override blockquote(text: string): Tokens.Blockquote | undefined {
    return this.#deeper(() => super.blockquote(text));
  }

  override list(text: string): Tokens.List | undefined {
    return this.#deeper(() => super.list(text));
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

class Reader extends Lexer {
  override inlineTokens(text: string, tokens: Token[] = []): Token[] {
    let rest = text;
    while (rest.length > MAX_RUN) {
      const end = rest.lastIndexOf("\n", MAX_RUN) + 1 || rest.lastIndexOf(" ", MAX_RUN) + 1;
      super.inlineTokens(rest.slice(0, end || MAX_RUN), tokens);
      rest = rest.slice(end || MAX_RUN);
    }
    return super.inlineTokens(rest, tokens);
  }
}

function mathBlock(text: string): MathNode | undefined {
  const formula = formulaBlockAt(text);
  return formula && { type: "math", ...formula };
}

function mathRun(text: string): MathNode | undefined {
  const first = text[0];
  if (first !== "$" && first !== "\\") return undefined;
  const formula = formulaAt(text);
  return formula === undefined || formula === "open" ? undefined : { type: "math", ...formula };
}

const DEFINITION = /^ {0,3}\[\^([^\s[\]]+)\]:[ \t]*/;
const INDENTED = /^(?: {4}|\t)/;
const BLANK = /^[ \t]*$/;
const BLOCK = /^ {0,3}(?:\[\^|[#>`~|]|[-*+] |\d{1,9}[.)] )/;

/** `[^label]: text`, and the lines below that are indented or run on. */
function footnoteDefinition(this: { lexer: Lexer }, text: string): FootnoteDefinition | undefined {
  const found = DEFINITION.exec(text);
  if (found === null) return undefined;
  const [mark, label = ""] = found;
  const lines = text.slice(mark.length).split("\n");
  let count = 1;
  for (const [at, line] of lines.entries()) {
    if (at === 0 || BLANK.test(line)) continue;
    const runsOn = at === count && !BLOCK.test(line);
    if (!runsOn && !INDENTED.test(line)) break;
    count = at + 1;
  }
  const body = lines.slice(0, count);
  const raw = mark + body.join("\n");
  const inside = body.map((line) => line.replace(INDENTED, "")).join("\n");
  const tokens = this.lexer.blockTokens(inside, []);
  return { type: "footnoteDefinition", raw, label: label.toLowerCase(), tokens };
}

function footnoteReference(this: { lexer: Lexer }, text: string): FootnoteReference | undefined {
  // A reference is a link, and a link holds no other.
  if (!text.startsWith("[^") || this.lexer.state.inLink) return undefined;
  const found = /^\[\^([^\s[\]]+)\](?![([:])/.exec(text);
  if (found === null) return undefined;
  const [raw, label = ""] = found;
  return { type: "footnoteReference", raw, label: label.toLowerCase(), ordinal: 0 };
}

/** Where a formula or a footnote may end a paragraph, since no blank line has to precede it. */
function interruption(text: string): number | undefined {
  const end = text.indexOf("\n\n");
  const paragraph = end < 0 ? text : text.slice(0, end);
  const found = /\n {0,3}(?:\$\$|\\\[|\[\^[^\s[\]]+\]:)/.exec(paragraph);
  return found?.index;
}

function optionsOf(): MarkedOptions {
  return {
    gfm: true,
    tokenizer: new Rules(),
    extensions: {
      block: [mathBlock, footnoteDefinition],
      inline: [mathRun, footnoteReference],
      startBlock: [interruption],
      startInline: [(text: string) => text.indexOf("$")],
      renderers: {},
      childTokens: {},
    },
  };
}

export interface Reading {
  readonly nodes: Node[];
  /** The addresses that `[label]: address` lines give, those passed in among them. */
  readonly links: Links;
}

/** Read a text; `links` are the definitions that stand before it. */
export function read(text: string, links: Links): Reading {
  const reader = new Reader(optionsOf());
  Object.assign(reader.tokens.links, links);
  try {
    reader.lex(text);
    return { nodes: reader.tokens as unknown as Node[], links: reader.tokens.links };
  } catch {
    // Nested deeper than the stack: shown as it stands.
    return { nodes: [plain(text)], links };
  }
}

/** Read the inside of one block anew. */
export function readRun(text: string, links: Links): Token[] {
  const reader = new Reader(optionsOf());
  Object.assign(reader.tokens.links, links);
  try {
    return reader.inlineTokens(text);
  } catch {
    return [{ type: "escape", raw: text, text }];
  }
}

function plain(text: string): Node {
  return {
    type: "paragraph",
    raw: text,
    text,
    tokens: [{ type: "escape", raw: text, text }],
  };
}
