/** useDrop: files that are dragged over an element, and dropped onto it. */
import { type DragEvent, useEffect, useRef, useState } from "react";
import { dropped, hasFiles } from "./transfer";

export interface Drop {
  /** Whether files hang over the element now. */
  readonly isOver: boolean;
  readonly handlers: {
    readonly onDragEnter: (event: DragEvent) => void;
    readonly onDragOver: (event: DragEvent) => void;
    readonly onDragLeave: (event: DragEvent) => void;
    readonly onDrop: (event: DragEvent) => void;
  };
}

export function useDrop(onFiles: (files: readonly File[]) => void): Drop {
  const [isOver, setIsOver] = useState(false);
  /** Elements that were entered and not left: those inside tell of themselves, too. */
  const depth = useRef(0);

  useEffect(() => {
    // What is dropped where nobody takes it would be opened in place of the page.
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

  function enter(by: number): void {
    depth.current = Math.max(0, depth.current + by);
    setIsOver(depth.current > 0);
  }

  return {
    isOver,
    handlers: {
      onDragEnter: ({ dataTransfer }) => {
        if (hasFiles(dataTransfer)) enter(1);
      },
      onDragOver: (event) => {
        if (!hasFiles(event.dataTransfer)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = "copy";
      },
      onDragLeave: ({ dataTransfer }) => {
        if (hasFiles(dataTransfer)) enter(-1);
      },
      onDrop: (event) => {
        enter(-depth.current);
        if (!hasFiles(event.dataTransfer)) return;
        event.preventDefault();
        onFiles(dropped(event.dataTransfer));
      },
    },
  };
}
