/** Parses the fields of the form for a tool server. */
import type { NewMcpServer } from "../bridge/contract";

/**
 * The words of a command line. Quotes keep spaces together, also inside a word; there a single quote
 * counts only after `=`, as it may be an apostrophe.
 */
export function splitCommand(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  for (let at = 0; at < text.length; ) {
    const char = text.charAt(at);
    const isApostrophe: boolean = char === "'" && word !== null && !word.endsWith("=");
    const quoted: Quoted | null = isApostrophe ? null : readQuoted(text, at);
    if (quoted !== null) word = (word ?? "") + quoted.value;
    else if (char.trim() !== "") word = (word ?? "") + char;
    else if (word !== null) {
      words.push(word);
      word = null;
    }
    at = quoted?.end ?? at + 1;
  }
  return word === null ? words : [...words, word];
}

/** The beginning of a path on Windows. */
const FOLDER = /^([A-Za-z]:|\\)/;

interface Quoted {
  readonly value: string;
  /** The position after the closing quote. */
  readonly end: number;
}

/**
 * What stands in quotes from this position; null without a quote, or with one that is never closed.
 * In double quotes a backslash escapes a quote and itself. Any other is part of a path or a pattern.
 */
function readQuoted(text: string, start: number): Quoted | null {
  const quote = text.charAt(start);
  if (quote !== '"' && quote !== "'") return null;
  let value = "";
  let escapedQuotes = 0;
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text.charAt(at);
    const next = text.charAt(at + 1);
    if (char === quote) return { value, end: at + 1 };
    if (quote === "'" || char !== "\\" || (next !== '"' && next !== "\\")) {
      value += char;
    } else if (
      next === '"' &&
      escapedQuotes % 2 === 0 &&
      FOLDER.test(value) &&
      text.charAt(at + 2).trim() === ""
    ) {
      // A folder of Windows may end in a backslash: no quote opens before a space.
      return { value: `${value}\\`, end: at + 2 };
    } else {
      if (next === '"') escapedQuotes += 1;
      value += next;
      at += 1;
    }
  }
  return null;
}

/** A server by its fields; null while something is lacking. */
export function serverOf(name: string, commandOrUrl: string, values: string): NewMcpServer | null {
  const words = splitCommand(commandOrUrl);
  const lines = values.split("\n").map((line) => line.trim());
  const pairs = lines.filter((line) => line !== "").map((line) => /^([^=]+)=(.*)$/s.exec(line));
  const validPairs = pairs.filter((pair) => pair !== null);
  if (!/^[\w-]{1,40}$/.test(name) || words.length === 0) return null;
  if (validPairs.length < pairs.length) return null;
  const fields = Object.fromEntries(validPairs.map(([, key = "", value = ""]) => [key, value]));
  const isAddress = /^https?:\/\//.test(words[0] ?? "");
  const place = isAddress ? { url: commandOrUrl.trim() } : { command: words };
  return { name, values: fields, ...place };
}
