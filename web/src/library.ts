/** The bridge for the page of another program, as `/bridge.js`. */
import type { Bridge } from "./bridge/bridge";
import { createLlm, type Llm } from "./bridge/llmApi";
import { createWindowBridge } from "./bridge/windowBridge";
import { attachRun, type Run } from "./llm/run";

export type { Bridge } from "./bridge/bridge";
export { HostError } from "./bridge/hostError";
export type { Llm } from "./bridge/llmApi";
export { createInference, type Inference, type InferenceOptions } from "./llm/inference";
export type { Run } from "./llm/run";
export type { RunState } from "./llm/runReducer";

export interface Host {
  /** Call a method of the program, `namespace.method`. Rejections are errors with a `code`. */
  readonly call: Bridge["call"];
  /** Follow a stream from its beginning; it is read piece by piece (`for await`), or subscribed. */
  follow(id: string): Run;
  /** What `<LlmProvider llm>` and `createInference` ask; other pages have no `window.llm`. */
  readonly llm: Llm;
  /** What connection there is, for a page that wants to say so. */
  readonly bridge: Bridge;
}

/** Resolves when the program answers. Once for each page: the host speaks to one bridge. */
export async function connect(): Promise<Host> {
  const bridge = createWindowBridge();
  const llm = createLlm(bridge);
  await bridge.ready();
  return { call: bridge.call, follow: (id) => attachRun(llm, id), llm, bridge };
}
