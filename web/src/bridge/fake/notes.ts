/** Notes of the fake host: what pages remember, as long as this page lives. */
import type { Note } from "../contract";

export class FakeNotes {
  readonly #notes = new Map<string, string>();

  /** Carry out one call of the namespace; undefined when it has no such method. */
  call(method: string, params: unknown): unknown {
    if (method === "recall") return Object.fromEntries(this.#notes);
    if (method !== "remember") return undefined;
    const { name, text } = params as Note;
    if (text === null) this.#notes.delete(name);
    else this.#notes.set(name, text);
    return true;
  }
}
