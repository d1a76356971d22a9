/** The files of a drop or paste. */

import type { DragEvent } from "react";

/** The type that a transfer of files declares. */
export const FILES = "Files";

/** Whether files are being dragged; only the drop reveals which ones. */
export function hasFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes(FILES) ?? false;
}

/** Whether the drag left the element itself, since its children fire the event as well. */
export function hasLeft({ currentTarget, relatedTarget }: DragEvent): boolean {
  return !currentTarget.contains(relatedTarget as Node | null);
}

/** Pasted files. A table or formatted text comes with a picture of itself; then the text is meant. */
export function pastedFiles(transfer: DataTransfer): File[] {
  const isFormatted = transfer.types.includes("text/html") || transfer.types.includes("text/rtf");
  return isFormatted && transfer.getData("text/plain") !== "" ? [] : [...transfer.files];
}
