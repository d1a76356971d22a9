/** useWaysOut: where a question can go that cannot be answered here: to another model, or chat. */
import { useConversations } from "../conversations/context";
import { viewOf } from "../conversations/message";
import { useConversation } from "../conversations/useConversation";
import { useShown } from "../conversations/useList";

export interface WaysOut {
  /** Somebody else has been chosen since, so that another try may end better. */
  readonly isOtherChosen: boolean;
  /** A new chat with the last question in its box. */
  startAnew(): void;
}

export function useWaysOut(): WaysOut {
  const conversations = useConversations();
  const { conversation } = useShown();
  const { messages, by, answeredBy } = useConversation(conversation.key);

  /** The last that was asked on the path. */
  function lastQuestion(): string {
    for (const row of [...messages].reverse()) {
      const state = conversations.message(row)?.get();
      if (state?.message.role === "user") return viewOf(state).text;
    }
    return "";
  }

  const isOther = by?.providerId !== answeredBy?.providerId || by?.modelId !== answeredBy?.modelId;
  return {
    isOtherChosen: by !== null && isOther,
    startAnew() {
      const question = lastQuestion();
      conversations.showNew();
      const { draft } = conversations.shown.get().conversation;
      if (draft.get() === "") draft.set(question);
    },
  };
}
