/** One conversation: its path, its status, and everything that can be said. */
import { useMemo } from "react";
import type { RunStatus } from "../llm/runReducer";
import { useRunStatus } from "../llm/useRunStatus";
import type { Conversation, ConversationState } from "./conversation";
import { useConversations } from "./useConversations";
import { useStore } from "./useStore";

export interface ConversationHook extends ConversationState {
  /** Of the answer that is being given, or was given last. */
  readonly status: "idle" | RunStatus;
  readonly isBusy: boolean;
  readonly conversation: Conversation;
}

/** Renders when the path or the status changes, not when text arrives. */
export function useConversation(id: string): ConversationHook {
  const conversation = useConversations().find(id);
  if (conversation === undefined) throw new Error(`Conversation ${id} is not open`);
  const state = useStore(conversation);
  const status = useRunStatus(state.run);
  return useMemo(
    () => ({
      ...state,
      status,
      isBusy: status === "submitted" || status === "streaming" || status === "stopping",
      conversation,
    }),
    [state, status, conversation],
  );
}
