/** Dragging a conversation from one place of the list to another. */
import { type Place, usePlace } from "../../ui/dragAndDrop";

const TYPE = "application/x-tidewire-conversation";

/** Take a conversation into the hand. */
export function carry(hand: DataTransfer, id: string): void {
  hand.setData(TYPE, id);
  hand.effectAllowed = "move";
}

/** A place for conversations; `put` is told which. */
export function useConversationPlace(put: (id: string) => void): Place {
  return usePlace(TYPE, (hand) => put(hand.getData(TYPE)));
}
