/** Reads a chosen file and turns it into an attachment that can be sent. */
import {
  type DraftAttachment,
  MAX_FILE,
  MAX_PICTURE,
  MAX_TEXT,
  MAX_TOTAL,
  type Problem,
} from "./draftAttachment";
import type { ResizeImage } from "./resizeImage";
import { isPdf, pictureType, textIn } from "./sniff";

const MAX_NAME = 255;
/** Control characters, and direction marks that could disguise a file name. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to remove
const UNSEEN = /[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** The attachment before its file has been read. */
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

type Found = Pick<DraftAttachment, "kind" | "mediaType" | "size" | "scaledTo" | "hash" | "bytes">;

/** Reads the attachment, or finds why it cannot be sent. Never rejects. */
export async function inspectFile(
  file: File,
  scale: ResizeImage,
): Promise<Partial<DraftAttachment>> {
  try {
    const found = await read(file, scale);
    return "code" in found ? { state: found } : { ...found, state: "ready" };
  } catch {
    // A folder, a deleted file, or a file that the system does not let us read.
    return { state: { code: "unreadable" } };
  }
}

async function read(file: File, scale: ResizeImage): Promise<Found | Problem> {
  if (file.size > MAX_FILE) return { code: "large", limit: MAX_FILE };
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes.length === 0) return { code: "empty" };
  const picture = pictureType(bytes);
  if (picture !== null) return await pictured(file, picture, scale);
  if (isPdf(bytes)) {
    if (bytes.length > MAX_TOTAL) return { code: "large", limit: MAX_TOTAL };
    return await found("file", new Blob([bytes]), "application/pdf");
  }
  const text = textIn(bytes);
  if (text !== null) {
    const coded = new Blob([text]);
    if (coded.size > MAX_TEXT) return { code: "text", limit: MAX_TEXT };
    return await found("file", coded, textType(file));
  }
  // Other picture formats, such as AVIF: if the page can draw it, it can convert it.
  if (file.type.startsWith("image/")) {
    return await pictured(file, null, scale).catch(() => ({ code: "type" as const }));
  }
  return { code: "type" };
}

async function pictured(
  file: File,
  picture: Parameters<ResizeImage>[1],
  scale: ResizeImage,
): Promise<Found | Problem> {
  const { bytes, mediaType, scaledTo } = await scale(file, picture);
  if (bytes.size > MAX_PICTURE) return { code: "large", limit: MAX_PICTURE };
  return { ...(await found("image", bytes, mediaType)), scaledTo };
}

async function found(kind: Found["kind"], bytes: Blob, mediaType: string): Promise<Found> {
  const digest = await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer());
  const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
  const kept = bytes.slice(0, bytes.size, mediaType);
  return { kind, mediaType, size: bytes.size, scaledTo: null, hash: hash.join(""), bytes: kept };
}

/** SVG is text and is sent as text. */
const isDrawing = ({ type }: File): boolean => type.startsWith("image/svg");

/** The host sends every `text/*` type to the model as text. */
function textType({ type }: File): string {
  const [plain = ""] = type.split(";");
  return /^text\/[\w.+-]+$/.test(plain) ? plain : "text/plain";
}

/** The name in the form that the host accepts: no path, no invisible characters. */
export function fileNameOf({ name }: File): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  return last.replace(UNSEEN, "").slice(0, MAX_NAME) || "file";
}
