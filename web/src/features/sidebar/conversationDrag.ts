/** Drag and drop of conversations in the list. */
import { type DropTarget, useDropTarget } from "../../ui/dragAndDrop";

const TYPE = "application/x-tidewire-conversation";

/** Starts to drag a conversation. */
export function dragConversation(data: DataTransfer, id: string): void {
  data.setData(TYPE, id);
  data.effectAllowed = "move";
}

/** A drop target for conversations; `onDrop` gets the id. */
export function useConversationDrop(onDrop: (id: string) => void): DropTarget {
  return useDropTarget(TYPE, (data) => onDrop(data.getData(TYPE)));
}
