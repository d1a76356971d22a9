/** Reads a chosen file and turns it into an attachment that can be sent. */
import { type DraftAttachment, fileNamed } from "./draftAttachment";
import type { ResizeImage } from "./resizeImage";

const MAX_NAME = 255;
/** Control characters, and direction marks that could disguise a file name. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const UNSEEN = /[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The attachment before its file has been read. */
export function unreadAttachment(file: File): DraftAttachment {
  const { type: mediaType, size } = file;
  const kind = mediaType.startsWith("image/") && !isDrawing(file) ? "image" : "file";
  return { ...fileNamed(fileNameOf(file), "reading"), kind, mediaType, size };
}

/** Reads the attachment, or finds why it cannot be sent. Never rejects. */
export async function inspectFile(
  file: File,
  scale: ResizeImage,
): Promise<Partial<DraftAttachment>> {
  try {
    // Loaded with the first file.
    const { readFile } = await import("./readFile");
    const content = await readFile(file, scale);
    return "code" in content ? { state: content } : { ...content, state: "ready" };
  } catch {
    // A folder, a deleted file, or a file that the system does not let us read.
    return { state: { code: "unreadable" } };
  }
}

/** SVG is text and is sent as text. */
const isDrawing = ({ type }: File): boolean => type.startsWith("image/svg");

/** The name in the form that the host accepts: no path, control characters or direction marks. */
export function fileNameOf({ name }: File): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  return last.replace(UNSEEN, "").slice(0, MAX_NAME) || "file";
}
