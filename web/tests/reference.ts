/**
 * The signatures of `window.llm` as the reference design writes them, member for member.
 *
 * `signatures.test.ts` holds ours against them, and the design's own renderer in
 * `tests/e2e/reference` is compiled with them.
 */
export interface Reference {
  llmInference(options: {
    messages: Array<{ role: "user" | "assistant" | "system"; content: string }>;
    providerId: string;
    modelId?: string;
    temperature?: number;
    maxTokens?: number;
    systemPrompt?: string;
    stream?: boolean;
    timeoutMs?: number;
  }): Promise<string>;
  llmCancel(inferenceId: string): Promise<boolean>;
  llmCreateSession(config: {
    sessionId: string;
    providerId: string;
    modelId?: string;
    systemPrompt?: string;
    temperature?: number;
    maxTokens?: number;
    metadata?: Record<string, unknown>;
  }): Promise<{
    sessionId: string;
    providerId: string;
    modelId: string;
    createdAt: number;
    lastActivity: number;
    isActive: boolean;
    messageCount: number;
    totalTokens: number;
    metadata?: Record<string, unknown>;
  }>;
  llmDestroySession(sessionId: string): Promise<boolean>;
  llmRunSession(options: {
    sessionId: string;
    messages: Array<{ role: "user" | "assistant" | "system"; content: string }>;
    stream?: boolean;
    temperature?: number;
    maxTokens?: number;
    timeoutMs?: number;
  }): Promise<string>;
  llmGetStatus(): Promise<{
    totalSessions: number;
    activeSessions: number;
    activeInferences: number;
    totalInferences: number;
    totalTokens: number;
  }>;
  onLlmToken: (
    callback: (event: {
      inferenceId: string;
      sessionId?: string;
      token: string;
      index: number;
    }) => void,
  ) => () => void;
  onLlmThinking: (
    callback: (event: {
      inferenceId: string;
      sessionId?: string;
      status: string;
      progress?: number;
    }) => void,
  ) => () => void;
  onLlmDone: (
    callback: (event: {
      inferenceId: string;
      sessionId?: string;
      totalTokens: number;
      cancelled?: boolean;
      finishReason?: "stop" | "length" | "content_filter";
    }) => void,
  ) => () => void;
  onLlmError: (
    callback: (event: {
      inferenceId: string;
      sessionId?: string;
      error: string;
      code: string;
      retryable: boolean;
    }) => void,
  ) => () => void;
}

type Event<Name extends keyof Reference> = Reference[Name] extends (
  callback: (event: infer E) => void,
) => () => void
  ? E
  : never;
export type ReferenceDone = Event<"onLlmDone">;

/** With the one deviation: a model may end for a reason that the design does not know. */
export type ReferenceApi = Omit<Reference, "onLlmDone"> & {
  onLlmDone: (
    callback: (
      event: Omit<ReferenceDone, "finishReason"> & {
        finishReason?:
          | ReferenceDone["finishReason"]
          | "tool_calls"
          | "other"
          | "waiting"
          | "budget"
          | "steps";
      },
    ) => void,
  ) => () => void;
};
