/** Parses the fields of the form for a tool server. */
import type { NewMcpServer } from "../bridge/contract";

const WORD = /"((?:[^"\\]|\\.)*)"|'([^']*)'|(\S+)/g;

/** The words of a command line. Quotes keep spaces together; nothing else has a meaning. */
export function splitCommand(text: string): string[] {
  return [...text.matchAll(WORD)].map(
    ([, double, single, plain]) => double?.replace(/\\(.)/g, "$1") ?? single ?? plain ?? "",
  );
}

/** A server by its fields; null while something is lacking. */
export function serverOf(name: string, where: string, values: string): NewMcpServer | null {
  const words = splitCommand(where);
  const pairs = values
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (!/^[\w-]{1,40}$/.test(name) || words.length === 0) return null;
  if (pairs.some((pair) => pair.indexOf("=") < 1)) return null;
  const named = Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
  const isAddress = /^https?:\/\//.test(words[0] ?? "");
  const place = isAddress ? { url: where.trim() } : { command: words };
  return { name, values: named, ...place };
}
