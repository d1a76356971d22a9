/** Dragging a conversation from one place of the list to another. */
import { type DropTarget, useDropTarget } from "../../ui/dragAndDrop";

const TYPE = "application/x-tidewire-conversation";

/** Take a conversation into the hand. */
export function dragConversation(hand: DataTransfer, id: string): void {
  hand.setData(TYPE, id);
  hand.effectAllowed = "move";
}

/** A place for conversations; `put` is told which. */
export function useConversationDrop(put: (id: string) => void): DropTarget {
  return useDropTarget(TYPE, (hand) => put(hand.getData(TYPE)));
}
