/** The public interface for other apps; the other files of this folder may change. */

export type { Message, Timing, Usage } from "../bridge/contract";
export { HostError } from "../bridge/hostError";
export type { Llm } from "../bridge/llmApi";
export {
  createInference,
  type Inference,
  type InferenceOptions,
  type InferenceView,
  type RunOverrides,
} from "./inference";
export { LlmProvider, type LlmProviderProps } from "./LlmProvider";
export type { MessagePart, PartOf, PartType } from "./parts";
export { attachRun, type Run, startRun } from "./run";
export { RunFailure, type RunState, type RunStatus } from "./runReducer";
export { type LlmInference, type SharedInference, useLlmInference } from "./useLlmInference";
export { useRun } from "./useRun";
export { useRunStatus } from "./useRunStatus";
