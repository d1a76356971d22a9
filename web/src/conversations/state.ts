/** How an open conversation stands, as its components see it. */
import type { DraftMessage } from "../attachments/draftAttachment";
import type { Failure } from "../bridge/contract";
import type { Run } from "../llm/run";

/** Who shall answer. */
export interface ModelRef {
  readonly providerId: string;
  readonly modelId: string;
}

export interface ConversationState {
  /** `new`: nothing was said, and the host knows nothing of it. */
  readonly phase: "new" | "opening" | "open" | "gone";
  readonly id: string | null;
  readonly temporary: boolean;
  /** The chosen path, by the keys that `useMessage` takes. */
  readonly messages: readonly string[];
  /** How many messages come before these. */
  readonly earlier: number;
  /** The run that was begun or found last. */
  readonly run: Run | null;
  /** What the host would not take; the text of it is back in the draft. */
  readonly refused: Failure | null;
  /** Who was chosen to answer from now on; null for who answered before. */
  readonly by: ModelRef | null;
  /** Who answered last, as far as this page knows. */
  readonly answeredBy: ModelRef | null;
  /** What is said next, once the answer is complete. */
  readonly queue: readonly DraftMessage[];
  /** The message to be looked at, and how often somebody asked for that. */
  readonly target: { readonly key: string; readonly turn: number } | null;
}

export function beginState(id: string | null): ConversationState {
  return {
    phase: id === null ? "new" : "opening",
    id,
    temporary: id?.startsWith("tmp-") ?? false,
    messages: [],
    earlier: 0,
    run: null,
    refused: null,
    by: null,
    answeredBy: null,
    queue: [],
    target: null,
  };
}
