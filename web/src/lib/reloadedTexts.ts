/** Texts that nobody has saved yet and that survive a reload of the tab. */
import { readStored, writeStored } from "./storage";

/**
 * A map of texts, with those from before the reload. The tab's storage receives them when the page
 * unloads and is cleared here, so that texts saved later do not come back. `key` is their key there.
 */
export function createReloadedTexts(key: string): Map<string, string> {
  const texts = new Map(parse(readStored(key)));
  writeStored(key, "[]");
  addEventListener("pagehide", () => writeStored(key, JSON.stringify([...texts])));
  return texts;
}

function parse(stored: string | null): [string, string][] {
  try {
    const found: unknown = JSON.parse(stored ?? "[]");
    return Array.isArray(found) ? found.filter(isEntry) : [];
  } catch {
    return [];
  }
}

const isEntry = (value: unknown): value is [string, string] =>
  Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === "string");
