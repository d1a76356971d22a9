/** Ways to answer a question after a failure: another model, or a new chat. */
import { toDraftMessage } from "../../conversations/edits";
import { viewOf } from "../../conversations/message";
import { useConversation } from "../../conversations/useConversation";
import { useConversations } from "../../conversations/useConversations";
import { useShown } from "../../conversations/useList";
import { useSettingsState } from "../../settings/useSettings";
import { EMBEDDED } from "../models/useModelLabel";

export function useRecovery() {
  const conversations = useConversations();
  const { conversation } = useShown();
  const { messages, by, answeredBy, model } = useConversation(conversation.key);
  const { providers } = useSettingsState();
  const provider = model?.providerId ?? null;
  const local = providers.find(({ id, problem }) => id === EMBEDDED && problem === null);

  const isOther = by?.providerId !== answeredBy?.providerId || by?.modelId !== answeredBy?.modelId;
  return {
    /** Whether another model has been chosen since, so that a retry may succeed. */
    isOtherChosen: by !== null && isOther,
    /** The provider whose key is missing or wrong, as far as this conversation knows. */
    provider,
    /** Chooses the local model for the next answers; null if it is chosen already or unavailable. */
    chooseLocal:
      local === undefined || provider === EMBEDDED
        ? null
        : () => conversation.choose({ providerId: local.id, modelId: local.defaultModel }),
    /** Opens a new chat and puts the last question before its draft. */
    startNewChat() {
      const states = messages.flatMap((row) => conversations.message(row)?.get() ?? []);
      const question = states.findLast(({ message }) => message.role === "user");
      conversations.showNew();
      const { conversation: next } = conversations.shown.get();
      if (question !== undefined) next.giveBack(toDraftMessage(viewOf(question)));
    },
  };
}
