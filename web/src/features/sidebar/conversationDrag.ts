/** Drag and drop of conversations in the list. */
import { type DropTarget, useDropTarget } from "../../ui/dragAndDrop";

const TYPE = "application/x-tidewire-conversation";

/** Starts to drag a conversation. */
export function dragConversation(hand: DataTransfer, id: string): void {
  hand.setData(TYPE, id);
  hand.effectAllowed = "move";
}

/** A drop target for conversations; `put` gets the id. */
export function useConversationDrop(put: (id: string) => void): DropTarget {
  return useDropTarget(TYPE, (hand) => put(hand.getData(TYPE)));
}
