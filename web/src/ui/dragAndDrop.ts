/** A place onto which something can be dropped. */
import { type DragEvent, useState } from "react";
import { hasLeft } from "../lib/dataTransfer";

export interface DropTarget {
  /** Something that would be put down here is above it. */
  readonly isOver: boolean;
  /** What the place's element hears of. */
  readonly handlers: {
    onDragOver(event: DragEvent): void;
    onDragLeave(event: DragEvent): void;
    onDrop(event: DragEvent): void;
  };
}

/** A place where something of this type can be put down. */
export function useDropTarget(type: string, put: (hand: DataTransfer) => void): DropTarget {
  const [isOver, setIsOver] = useState(false);
  return {
    isOver,
    handlers: {
      onDragOver(event) {
        if (!event.dataTransfer.types.includes(type)) return;
        event.preventDefault();
        event.stopPropagation();
        setIsOver(true);
      },
      onDragLeave(event) {
        // From its own ground onto another place that lies in it, too.
        if (event.target === event.currentTarget || hasLeft(event)) setIsOver(false);
      },
      onDrop(event) {
        setIsOver(false);
        if (!event.dataTransfer.types.includes(type)) return;
        event.preventDefault();
        event.stopPropagation();
        put(event.dataTransfer);
      },
    },
  };
}
