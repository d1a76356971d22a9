/** Settings of the fake host, by query parameters or by a test. */

export interface FakeSettings {
  /** Words a second; 0 for as fast as timers turn. */
  readonly rate: number;
  /** Milliseconds of silence before the first word. */
  readonly first: number;
  /** `echo` gives the prompt back; `demo` answers with prose. */
  readonly answer: "echo" | "demo";
  /** A recording in `tests/streams` that answers every prompt; empty for none. */
  readonly stream: string;
  /** Words of a demo answer. */
  readonly words: number;
  /** Words of reasoning before a demo answer. */
  readonly reasoning: number;
  /** Parts from 0 to 1 of all pushes whose events are lost … */
  readonly drop: number;
  /** … come twice … */
  readonly double: number;
  /** … or come in another order. */
  readonly reorder: number;
  /** Lose the connection this many milliseconds after each hello; 0 for never. */
  readonly disconnect: number;
  /** Milliseconds until a lost connection is back. */
  readonly away: number;
  /** What a host remembers of a page that comes back: all, only its runs, nothing. */
  readonly memory: "load" | "runs" | "none";
  /** A host that never answers. */
  readonly silent: boolean;
  readonly provider: string;
  readonly model: string;
  readonly seed: number;
}

export const DEFAULTS: FakeSettings = {
  rate: 40,
  first: 0,
  answer: "demo",
  stream: "",
  words: 120,
  reasoning: 0,
  drop: 0,
  double: 0,
  reorder: 0,
  disconnect: 0,
  away: 400,
  memory: "load",
  silent: false,
  provider: "local",
  model: "SmolLM2-135M-Instruct",
  seed: 1,
};

const CHOICES: { readonly [name: string]: readonly string[] } = {
  answer: ["echo", "demo"],
  memory: ["load", "runs", "none"],
};

/** `?bridge=fake&rate=200&words=500&drop=0.1`: every setting has a parameter of its name. */
export function settingsOf(query: URLSearchParams): FakeSettings {
  const given = Object.entries(DEFAULTS).map(([name, standard]) => {
    const text = query.get(name);
    if (text === null) return [name, standard];
    if (typeof standard === "boolean") return [name, true];
    if (typeof standard === "string") {
      return [name, CHOICES[name]?.includes(text) === false ? standard : text];
    }
    return [name, Number(text) >= 0 ? Number(text) : standard];
  });
  return Object.fromEntries(given) as FakeSettings;
}

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
