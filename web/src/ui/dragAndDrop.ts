/** A place onto which something can be dropped. */
import { type DragEvent, useEffect, useState } from "react";
import { FILES, hasFiles, hasLeft } from "../lib/dataTransfer";

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
        if (type === FILES) event.dataTransfer.dropEffect = "copy";
        setIsOver(true);
      },
      onDragLeave(event) {
        // From its own ground onto another place that lies in it, too.
        const isInner = type !== FILES && event.target === event.currentTarget;
        if (isInner || hasLeft(event)) setIsOver(false);
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

/** A place for files. What is dropped where nobody takes it would be opened in place of the page. */
export function useFileDrop(onFiles: (files: readonly File[]) => void): DropTarget {
  useEffect(() => {
    function refuse(event: globalThis.DragEvent): void {
      if (event.defaultPrevented || !hasFiles(event.dataTransfer)) return;
      event.preventDefault();
      if (event.dataTransfer !== null) event.dataTransfer.dropEffect = "none";
    }
    document.addEventListener("dragover", refuse);
    document.addEventListener("drop", refuse);
    return () => {
      document.removeEventListener("dragover", refuse);
      document.removeEventListener("drop", refuse);
    };
  }, []);
  return useDropTarget(FILES, ({ files }) => onFiles([...files]));
}
