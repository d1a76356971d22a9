/** Gives components the page's conversations. */
import { createContext, useContext } from "react";
import type { Conversations } from "./conversations";

export const ConversationsContext = createContext<Conversations | null>(null);

export function useConversations(): Conversations {
  const conversations = useContext(ConversationsContext);
  if (conversations === null) throw new Error("There are no conversations around this component");
  return conversations;
}
