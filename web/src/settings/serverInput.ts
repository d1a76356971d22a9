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
