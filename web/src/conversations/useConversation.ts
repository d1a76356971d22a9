/** One conversation: its path, its status and its actions. */
import { useMemo } from "react";
import type { RunStatus } from "../llm/runReducer";
import { useRunStatus } from "../llm/useRunStatus";
import type { Conversation, ConversationState, ModelRef } from "./conversation";
import { isBusy } from "./machine";
import { useConversations } from "./useConversations";
import { useStore } from "./useStore";

export interface ConversationHook extends ConversationState {
  /** Status of the answer that began last. */
  readonly status: "idle" | RunStatus;
  readonly isBusy: boolean;
  /** The model for the next answer. */
  readonly model: ModelRef | null;
  readonly conversation: Conversation;
}

/** Renders when the path or the status changes, not when text arrives. */
export function useConversation(id: string): ConversationHook {
  const conversation = useConversations().find(id);
  if (conversation === undefined) throw new Error(`Conversation ${id} is not open`);
  const state = useStore(conversation);
  const status = useRunStatus(state.run);
  const model = conversation.model();
  return useMemo(
    () => ({ ...state, status, isBusy: isBusy(state), model, conversation }),
    [state, status, model, conversation],
  );
}
