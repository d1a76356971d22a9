/** The share of the model's context that the open conversation uses. */
import { useMemo } from "react";
import type { Usage } from "../../bridge/contract";
import { viewOf } from "../../conversations/message";
import { useConversation } from "../../conversations/useConversation";
import { useConversations } from "../../conversations/useConversations";
import { useShown } from "../../conversations/useList";
import { strings } from "../../i18n";
import { count } from "../../i18n/format";
import { useModel } from "../models/useModel";

export interface ContextFill {
  /** Tokens of the last answer on the path and of everything before it. */
  readonly tokens: number;
  /** The context size of the model that answers next; null if unknown. */
  readonly limit: number | null;
  /** The share that is used, from 0 to 1; null if the context size is unknown. */
  readonly part: number | null;
  /** Whether it counts as nearly full. */
  readonly isNearlyFull: boolean;
  readonly sentence: string;
}

/** The share above which the context counts as nearly full. */
const NEARLY_FULL = 0.8;

/** Null before the first answer is complete. */
export function useContextUsage(): ContextFill | null {
  const conversations = useConversations();
  const { conversation } = useShown();
  // Renders with the path and the status: an answer's usage comes with its end.
  const { messages, status, model } = useConversation(conversation.key);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the result changes with the status
  const usage = useMemo((): Usage | null => {
    for (const row of [...messages].reverse()) {
      const state = conversations.message(row)?.get();
      const found = state === undefined ? null : viewOf(state).usage;
      if (found !== null) return found;
    }
    return null;
  }, [conversations, messages, status]);
  const limit = useModel(model, usage !== null)?.contextTokens ?? null;
  if (usage === null) return null;
  const tokens = usage.inputTokens + usage.outputTokens;
  const part = limit === null || limit === 0 ? null : Math.min(1, tokens / limit);
  const { about, tokens: ofTokens, tokensOf } = strings.spending;
  const tokenCount = usage.estimated ? about(count(tokens)) : count(tokens);
  const sentence = limit === null ? ofTokens(tokenCount) : tokensOf(tokenCount, count(limit));
  return { tokens, limit, part, isNearlyFull: part !== null && part > NEARLY_FULL, sentence };
}
