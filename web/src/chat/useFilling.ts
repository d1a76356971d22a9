/** useFilling: how much of what a model can read at once the open conversation has taken. */
import { useEffect, useMemo, useState } from "react";
import type { Usage } from "../bridge/contract";
import { useConversations } from "../conversations/context";
import { viewOf } from "../conversations/message";
import type { By } from "../conversations/state";
import { useConversation } from "../conversations/useConversation";
import { useShown } from "../conversations/useList";
import { useSettings } from "../settings/useSettings";

export interface Filling {
  /** Tokens of the last answer on the path and of everything before it. */
  readonly tokens: number;
  readonly isEstimated: boolean;
  /** How much the model that answers next can read; null where nobody says. */
  readonly limit: number | null;
}

/** Null before the first answer is complete. `defaults` answers where nobody was chosen. */
export function useFilling(defaults: By | null): Filling | null {
  const conversations = useConversations();
  const { conversation } = useShown();
  // Renders with the path and the status: an answer's usage comes with its end.
  const { messages, status, by, answeredBy } = useConversation(conversation.key);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with the status, what is read changes
  const usage = useMemo((): Usage | null => {
    for (const row of [...messages].reverse()) {
      const state = conversations.message(row)?.get();
      const found = state === undefined ? null : viewOf(state).usage;
      if (found !== null) return found;
    }
    return null;
  }, [conversations, messages, status]);
  const limit = useLimit(by ?? answeredBy ?? defaults, usage !== null);
  if (usage === null) return null;
  const { inputTokens, outputTokens, estimated } = usage;
  return { tokens: inputTokens + outputTokens, isEstimated: estimated, limit };
}

/** How many tokens a model can read at once; null until it is known, and where nobody says. */
function useLimit(by: By | null, isWanted: boolean): number | null {
  const settings = useSettings();
  const [known, setKnown] = useState<{ readonly by: string; readonly limit: number | null }>();
  const { providerId, modelId } = by ?? {};
  const name = `${providerId} ${modelId}`;
  useEffect(() => {
    if (!isWanted || providerId === undefined || modelId === undefined) return;
    let isCurrent = true;
    settings.describe({ providerId, modelId }).then(
      (model) => {
        if (isCurrent) setKnown({ by: name, limit: model?.contextTokens ?? null });
      },
      () => {}, // a provider that cannot be asked says nothing
    );
    return () => {
      isCurrent = false;
    };
  }, [settings, isWanted, providerId, modelId, name]);
  return known?.by === name ? known.limit : null;
}
