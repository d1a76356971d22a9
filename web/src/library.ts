/** The bridge for pages of other programs, served as `/bridge.js`. */
import { type Bridge, createBridge } from "./bridge/bridge";
import { createLlm, type Llm } from "./bridge/llmApi";
import { findHost } from "./bridge/transports/detect";
import { attachRun, type Run } from "./llm/run";

export type { Bridge } from "./bridge/bridge";
export { HostError } from "./bridge/hostError";
export type { Llm } from "./bridge/llmApi";
export { createInference, type Inference, type InferenceOptions } from "./llm/inference";
export type { Run } from "./llm/run";
export type { RunState } from "./llm/runReducer";

export interface Host {
  /** Calls a method of the program, `namespace.method`. Rejects with an error that has a `code`. */
  readonly call: Bridge["call"];
  /** Follows a run from its beginning. Iterate over it (`for await`) or subscribe to it. */
  follow(id: string): Run;
  /** The object for `<LlmProvider llm>` and `createInference`; such pages have no `window.llm`. */
  readonly llm: Llm;
  /** The connection, for a page that shows its state. */
  readonly bridge: Bridge;
}

/**
 * Connects to the program and resolves when it answers. Call it once per page: the host speaks to one
 * bridge.
 */
export async function connect(): Promise<Host> {
  const bridge = createBridge(await findHost());
  const llm = createLlm(bridge);
  await bridge.ready();
  return { call: bridge.call, follow: (id) => attachRun(llm, id), llm, bridge };
}
