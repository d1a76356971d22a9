/** Settings of the fake host, from query parameters or a test. */

export type FakeSettings = Readonly<typeof DEFAULTS>;

export const DEFAULTS = {
  /** Words per second; 0 for as fast as timers allow. */
  rate: 40,
  /** Milliseconds of silence before the first word. */
  first: 0,
  /** `echo` repeats the prompt; `demo` answers with prose. */
  answer: "demo" as "echo" | "demo",
  /** A recording in `tests/streams` that answers every prompt; empty for none. */
  stream: "",
  /** Words of a demo answer. */
  words: 120,
  /** Words of reasoning before a demo answer. */
  reasoning: 0,
  /** Share of pushes, from 0 to 1, whose events are lost … */
  drop: 0,
  /** … arrive twice … */
  double: 0,
  /** … or arrive out of order. */
  reorder: 0,
  /** Milliseconds after each hello until the connection is lost; 0 for never. */
  disconnect: 0,
  /** Milliseconds until a lost connection is restored. */
  away: 400,
  /** The memory of the host for a reconnecting page: everything, only its runs, or nothing. */
  memory: "load" as "load" | "runs" | "none",
  /** A host that never answers. */
  silent: false,
  provider: "local",
  model: "SmolLM2-135M-Instruct",
  seed: 1,
};

const CHOICES: { readonly [name: string]: readonly string[] } = {
  answer: ["echo", "demo"],
  memory: ["load", "runs", "none"],
};

/** `?bridge=fake&rate=200&words=500&drop=0.1`: every setting has a parameter of the same name. */
export function settingsOf(query: URLSearchParams): FakeSettings {
  const entries = Object.entries(DEFAULTS).map(([name, standard]) => {
    const text = query.get(name);
    if (text === null) return [name, standard];
    if (typeof standard === "boolean") return [name, true];
    if (typeof standard === "string") {
      return [name, CHOICES[name]?.includes(text) === false ? standard : text];
    }
    return [name, Number(text) >= 0 ? Number(text) : standard];
  });
  return Object.fromEntries(entries) as FakeSettings;
}

/** Random numbers from 0 to 1, reproducible by seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
