/** Ways to answer a question after a failure: another model, or a new chat. */
import { type DraftMessage, NO_MESSAGE } from "../../attachments/draftAttachment";
import { saidIn } from "../../conversations/edits";
import { viewOf } from "../../conversations/message";
import { useConversation } from "../../conversations/useConversation";
import { useConversations } from "../../conversations/useConversations";
import { useShown } from "../../conversations/useList";
import { useSettingsState } from "../../settings/useSettings";
import { EMBEDDED } from "../models/useModelLabel";

export interface Recovery {
  /** Whether another model has been chosen since, so that a retry may succeed. */
  readonly isOtherChosen: boolean;
  /** The provider whose key is missing or wrong, as far as this conversation knows. */
  readonly provider: string | null;
  /** Chooses the local model for the next answers; null if it is chosen already or unavailable. */
  readonly chooseLocal: (() => void) | null;
  /** Opens a new chat and puts the last question before its draft. */
  startAnew(): void;
}

export function useRecovery(): Recovery {
  const conversations = useConversations();
  const { conversation } = useShown();
  const { messages, by, answeredBy, model } = useConversation(conversation.key);
  const { providers } = useSettingsState();
  const provider = model?.providerId ?? null;
  const local = providers.find(({ id, problem }) => id === EMBEDDED && problem === null);

  /** The last question on the path. */
  function lastQuestion(): DraftMessage {
    for (const row of [...messages].reverse()) {
      const state = conversations.message(row)?.get();
      if (state?.message.role !== "user") continue;
      return saidIn(viewOf(state));
    }
    return NO_MESSAGE;
  }

  const isOther = by?.providerId !== answeredBy?.providerId || by?.modelId !== answeredBy?.modelId;
  return {
    isOtherChosen: by !== null && isOther,
    provider,
    chooseLocal:
      local === undefined || provider === EMBEDDED
        ? null
        : () => conversation.choose({ providerId: local.id, modelId: local.defaultModel }),
    startAnew() {
      const question = lastQuestion();
      conversations.showNew();
      conversations.shown.get().conversation.giveBack(question);
    },
  };
}
