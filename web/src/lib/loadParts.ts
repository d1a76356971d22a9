/** Loads the parts of the page that are not needed for its first paint. */
import { loadMissingStyles } from "./missingStyles";

const loads: (() => Promise<unknown>)[] = [];

/** Registers a part. The returned function also loads style sheets that an earlier try missed. */
export function addPart<T>(load: () => Promise<T>): () => Promise<T> {
  async function loadWhole(): Promise<T> {
    await loadMissingStyles();
    return load();
  }
  loads.push(loadWhole);
  return loadWhole;
}

/** Loads every part ahead. One that fails is loaded when it is shown. */
export async function loadParts(): Promise<void> {
  await Promise.allSettled(loads.map((load) => load()));
}
