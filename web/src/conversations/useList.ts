/** The list of conversations, as the host has it. */
import type { Shown } from "./conversations";
import type { ListState } from "./list";
import { useConversations } from "./useConversations";
import { useStore } from "./useStore";

export function useList(): ListState {
  const { list } = useConversations();
  return useStore(list);
}

/** The conversation that is open in this window. */
export function useShown(): Shown {
  const { shown } = useConversations();
  return useStore(shown);
}

/** The id of the open conversation, once the host has given it one. */
export function useShownId(): string | null {
  const { conversation } = useShown();
  return useStore(conversation, ({ id }) => id);
}
