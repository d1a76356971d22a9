/** Transfer: the files in what is dropped or pasted. */

/** Whether files are being dragged; which ones, only the drop tells. */
export function hasFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes("Files") ?? false;
}

export function dropped(transfer: DataTransfer): File[] {
  return [...transfer.files];
}

/**
 * What is pasted as files. A table or a formatted text comes with a picture of itself: there, the
 * words are what is meant.
 */
export function pasted(transfer: DataTransfer): File[] {
  const isFormatted = transfer.types.includes("text/html") || transfer.types.includes("text/rtf");
  return isFormatted && transfer.getData("text/plain") !== "" ? [] : [...transfer.files];
}
