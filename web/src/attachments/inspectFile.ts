/** Looks into a file that somebody chose, and makes of it what can be sent. */
import type { DraftAttachment } from "./draftAttachment";
import type { ResizeImage } from "./resizeImage";

const MAX_NAME = 255;
/** Control characters, and those that turn a line's direction so that a name seems another. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must go
const UNSEEN = /[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** What it is, before anybody has looked into it. */
export function announced(file: File): DraftAttachment {
  return {
    key: crypto.randomUUID(),
    kind: file.type.startsWith("image/") && !isDrawing(file) ? "image" : "file",
    name: fileNameOf(file),
    mediaType: file.type,
    size: file.size,
    state: "reading",
    scaledTo: null,
    hash: "",
    bytes: null,
  };
}

/** What was found in it, or why it cannot be sent. Never rejects. */
export async function inspectFile(
  file: File,
  scale: ResizeImage,
): Promise<Partial<DraftAttachment>> {
  try {
    // Loaded with the first file.
    const { readFile } = await import("./readFile");
    const found = await readFile(file, scale);
    return "code" in found ? { state: found } : { ...found, state: "ready" };
  } catch {
    // A folder, a file that is gone, or one that the system does not let us read.
    return { state: { code: "unreadable" } };
  }
}

/** SVG is text, and goes as text. */
const isDrawing = ({ type }: File): boolean => type.startsWith("image/svg");

/** As the host takes it: no path, nothing that cannot be seen. */
export function fileNameOf({ name }: File): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  return last.replace(UNSEEN, "").slice(0, MAX_NAME) || "file";
}
