/** Reads a chosen file, detects its type, and scales pictures down. */
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

type FileContent = Omit<DraftAttachment, "key" | "name" | "state">;

/** The content to send, or why it cannot be sent. Rejects if the file cannot be read. */
export async function readFile(file: File, scale: ResizeImage): Promise<FileContent | Problem> {
  if (file.size > MAX_FILE) return { code: "large", limit: MAX_FILE };
  const bytes = new Uint8Array(await file.arrayBuffer());
  if (bytes.length === 0) return { code: "empty" };
  const picture = pictureType(bytes);
  if (picture !== null) return await readPicture(file, picture, scale);
  if (isPdf(bytes)) {
    if (bytes.length > MAX_TOTAL) return { code: "large", limit: MAX_TOTAL };
    return await fileContent("file", new Blob([bytes]), "application/pdf");
  }
  const text = textIn(bytes);
  if (text !== null) {
    const utf8 = new Blob([text]);
    if (utf8.size > MAX_TEXT) return { code: "text", limit: MAX_TEXT };
    return await fileContent("file", utf8, textType(file));
  }
  // Other picture formats, such as AVIF: if the page can draw it, it can convert it.
  if (file.type.startsWith("image/")) {
    return await readPicture(file, null, scale).catch(() => ({ code: "type" as const }));
  }
  return { code: "type" };
}

async function readPicture(
  file: File,
  picture: Parameters<ResizeImage>[1],
  scale: ResizeImage,
): Promise<FileContent | Problem> {
  const { bytes, mediaType, scaledTo } = await scale(file, picture);
  if (bytes.size > MAX_PICTURE) return { code: "large", limit: MAX_PICTURE };
  return { ...(await fileContent("image", bytes, mediaType)), scaledTo };
}

async function fileContent(kind: FileContent["kind"], bytes: Blob, mediaType: string) {
  const digest = await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer());
  const hash = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
  const typed = bytes.slice(0, bytes.size, mediaType);
  return { kind, mediaType, size: bytes.size, scaledTo: null, hash: hash.join(""), bytes: typed };
}

/** The host sends every `text/*` type to the model as text. */
function textType({ type }: File): string {
  const [plain = ""] = type.split(";");
  return /^text\/[\w.+-]+$/.test(plain) ? plain : "text/plain";
}
