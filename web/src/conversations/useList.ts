/** The list of conversations, as the host has it. */
import { useSyncExternalStore } from "react";
import type { Shown } from "./conversations";
import type { ListState } from "./list";
import { useConversations } from "./useConversations";

export function useList(): ListState {
  const { list } = useConversations();
  return useSyncExternalStore(list.subscribe, list.get, list.get);
}

/** The conversation that is open in this window. */
export function useShown(): Shown {
  const { shown } = useConversations();
  return useSyncExternalStore(shown.subscribe, shown.get, shown.get);
}

/** The id of the open conversation, once the host has given it one. */
export function useShownId(): string | null {
  const { conversation } = useShown();
  return useSyncExternalStore(
    conversation.subscribe,
    () => conversation.get().id,
    () => conversation.get().id,
  );
}
