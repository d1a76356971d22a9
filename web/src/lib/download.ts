/** Saves data as a file through the browser. */

/** Longer than any browser takes to start a download. */
const REVOKE_DELAY_MS = 10_000;

export interface TextFile {
  readonly name: string;
  readonly mediaType: string;
  readonly text: string;
}

export function download({ name, mediaType, text }: TextFile): void {
  downloadBytes(name, new Blob([text], { type: mediaType }));
}

export function downloadBytes(name: string, bytes: Blob): void {
  const address = URL.createObjectURL(bytes);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), REVOKE_DELAY_MS);
}
