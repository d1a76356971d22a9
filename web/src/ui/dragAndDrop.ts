/** Drop targets for files and other dragged items. */
import { type DragEvent, useEffect, useState } from "react";
import { FILES, hasFiles, hasLeft } from "../lib/dataTransfer";

export interface DropTarget {
  /** An item that can be dropped here is over it. */
  readonly isOver: boolean;
  /** Handlers for the target's element. */
  readonly handlers: {
    onDragOver(event: DragEvent): void;
    onDragLeave(event: DragEvent): void;
    onDrop(event: DragEvent): void;
  };
}

/** A drop target for items of this type. */
export function useDropTarget(type: string, accept: (data: DataTransfer) => void): DropTarget {
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
        // Also when moving from the target's own area onto a nested drop target.
        const isInner = type !== FILES && event.target === event.currentTarget;
        if (isInner || hasLeft(event)) setIsOver(false);
      },
      onDrop(event) {
        setIsOver(false);
        if (!event.dataTransfer.types.includes(type)) return;
        event.preventDefault();
        event.stopPropagation();
        accept(event.dataTransfer);
      },
    },
  };
}

/** A drop target for files. Files dropped elsewhere would replace the page. */
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
