/** The files in what is dropped or pasted. */

import type { DragEvent } from "react";

/** What a transfer of files says that it holds. */
export const FILES = "Files";

/** Whether files are being dragged; which ones, only the drop tells. */
export function hasFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes(FILES) ?? false;
}

/** Whether what is dragged left the element; those inside of it tell when they are left, too. */
export function hasLeft({ currentTarget, relatedTarget }: DragEvent): boolean {
  return !currentTarget.contains(relatedTarget as Node | null);
}

/**
 * What is pasted as files. A table or a formatted text comes with a picture of itself: there, the
 * words are what is meant.
 */
export function pasted(transfer: DataTransfer): File[] {
  const isFormatted = transfer.types.includes("text/html") || transfer.types.includes("text/rtf");
  return isFormatted && transfer.getData("text/plain") !== "" ? [] : [...transfer.files];
}
