/** Loads the parts of the page that are not needed for its first paint. */

const loads: (() => Promise<unknown>)[] = [];

/** `load` is called by `loadParts`. */
export function addPart(load: () => Promise<unknown>): void {
  loads.push(load);
}

/** Loads every part ahead. One that fails is loaded when it is shown. */
export async function loadParts(): Promise<void> {
  await Promise.allSettled(loads.map((load) => load()));
}
