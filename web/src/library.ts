/** The bridge for pages of other programs: `/bridge.js`, and `tidewire` in the npm package. */
import { type Bridge, createBridge } from "./bridge/bridge";
import { HostError, hostLost } from "./bridge/hostError";
import { createLlm, type Llm } from "./bridge/llmApi";
import { createProgramFake, type StreamId } from "./bridge/programFake";
import { programDeadlineOf } from "./bridge/rpc";
import { findHost } from "./bridge/transports/findHost";
import { attachRun, type Run } from "./llm/run";

export type { Bridge } from "./bridge/bridge";
export type { Invoke as Call } from "./bridge/contract";
export { createLlm, type Llm } from "./bridge/llmApi";
export type { HandlersOf, StreamId } from "./bridge/programFake";
export { createInference, type Inference, type InferenceOptions } from "./llm/inference";
export type { Run } from "./llm/run";
export type { RunState } from "./llm/runReducer";
export { HostError };

export interface Host {
  /** Calls a method of the program, `namespace.method`. Rejects with an error that has a `code`. */
  readonly call: Bridge["call"];
  /**
   * Follows a run from its beginning. Iterate over it (`for await`) or subscribe to it. A loop that is
   * left early stops the run; one over a run of `createInference` does not.
   */
  follow(id: string): Run;
  /**
   * Follows a stream of models from its beginning: `for await (const item of host.items<Tick>(id))`.
   * A loop that is left early stops the stream. A stream of text is read with `follow`.
   */
  items<T extends object>(id: StreamId<T>): Items<T>;
  /**
   * Calls the listener with the latest value that the program has published under a name, and with
   * every later one; with undefined when the connection is lost. Returns a function that ends the
   * calls.
   */
  topic<T>(name: string, listener: (value: T | undefined) => void, key?: string): () => void;
  /** The object for `<LlmProvider llm>` and `createInference`; such pages have no `window.llm`. */
  readonly llm: Llm;
  /** The connection, for a page that shows its state. */
  readonly bridge: Bridge;
}

/** The models of a stream, in order and each once. Reading throws if the stream fails. */
export interface Items<T> extends AsyncIterable<T> {
  /** Stops the stream. False if it has ended already or the host cannot be reached. */
  cancel(): Promise<boolean>;
}

/** The code of a refusal, also one that the program has made for itself; null for other errors. */
export const codeOf = (error: unknown): string | null =>
  error instanceof HostError ? error.code : null;

export interface ConnectOptions {
  /** Loads the methods that replace the program when the address has `?bridge=fake`. */
  readonly fake?: () => Promise<object>;
}

/**
 * Connects to the program and resolves when it answers. Call it once per page: the host speaks to one
 * bridge.
 */
export async function connect(options: ConnectOptions = {}): Promise<Host> {
  if (typeof window === "undefined") throw hostLost("A server has no program around it");
  const query = new URLSearchParams(window.location.search);
  const fake = query.get("bridge") === "fake" ? await options.fake?.() : undefined;
  const transport = fake ? createProgramFake(fake) : await findHost();
  const bridge = createBridge(transport, undefined, programDeadlineOf);
  const llm = createLlm(bridge);
  await bridge.ready();
  return {
    call: bridge.call,
    follow(id) {
      const run = attachRun(llm, id);
      return { ...run, [Symbol.asyncIterator]: () => piecesOf(run) };
    },
    items<T extends object>(id: StreamId<T>) {
      const run = attachRun(llm, id);
      return { cancel: run.cancel, [Symbol.asyncIterator]: () => itemsOf<T>(run) };
    },
    topic<T>(name: string, listener: (value: T | undefined) => void, key?: string) {
      const { topics } = bridge as { topics: ProgramTopics<T> };
      const stop = topics.on(name, listener, key);
      const known = topics.get(name, key);
      if (known !== undefined) listener(known);
      return stop;
    },
    llm,
    bridge,
  };
}

/** The topics as another program uses them, whose names are its own. */
interface ProgramTopics<T> {
  get(name: string, key?: string): T | undefined;
  on(name: string, listener: (value: T | undefined) => void, key?: string): () => void;
}

/** The pieces of a run, which is stopped when its reader leaves. */
async function* piecesOf(run: Run): AsyncGenerator<string, void, void> {
  try {
    yield* run;
  } finally {
    await run.cancel(); // does nothing after the end
  }
}

/** A stream has a line of JSON for each model. */
async function* itemsOf<T>(run: Run): AsyncGenerator<T, void, void> {
  let rest = "";
  for await (const piece of piecesOf(run)) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line);
  }
}
