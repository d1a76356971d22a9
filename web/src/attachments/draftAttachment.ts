/** A picture or a file that is to be said with a message, and what is in its way. */
import type { Attachment, ImagePart } from "../bridge/contract";

export type PictureType = ImagePart["mediaType"];

/** Bytes of everything that goes with one message: with its base64 it fits one call. */
export const MAX_TOTAL = 20_000_000;
/** Bytes of all text files of one message; the host refuses a million characters. */
export const MAX_TEXT = 500_000;
/** Bytes of a picture as it is sent; providers refuse larger ones. */
export const MAX_PICTURE = 5_000_000;
/** Bytes of a file that is looked into at all: larger pictures would take the page's memory. */
export const MAX_FILE = 50_000_000;
/** Pictures and files of one message. */
export const MAX_COUNT = 20;
/** The longer side of a picture that is sent: models scale larger ones down themselves. */
export const MAX_SIDE = 1_568;

/** Why something is not sent. `limit` is in bytes, but of `many` it is a number of files. */
export type Problem =
  | { readonly code: "type" | "empty" | "unreadable" | "lost" }
  | { readonly code: "large" | "text" | "total" | "many"; readonly limit: number };

export interface DraftAttachment {
  /** The page's own name for it. */
  readonly key: string;
  readonly kind: "image" | "file";
  /** Of its file, never a path; null where nobody knows it. */
  readonly name: string | null;
  readonly mediaType: string;
  /** In bytes, as it is sent. */
  readonly size: number;
  readonly state: "reading" | "ready" | Problem;
  /** The longer side in pixels, when it was scaled down to it. */
  readonly scaledTo: number | null;
  /** SHA-256 of the bytes; empty until they were read. */
  readonly hash: string;
  /** Null while they are not here; those of a message that was said are with the host. */
  readonly bytes: Blob | null;
}

/** Something to say: words, and what goes with them. */
export interface DraftMessage {
  readonly text: string;
  readonly attached: readonly DraftAttachment[];
}

export const isBlank = ({ text, attached }: DraftMessage): boolean =>
  text.trim() === "" && attached.length === 0;

export const isReady = ({ state }: DraftAttachment): boolean => state === "ready";

export const isText = ({ mediaType }: Pick<DraftAttachment, "mediaType">): boolean =>
  mediaType.startsWith("text/");

/** Pictures that are shown. Not SVG, which is a document that can hold anything. */
export function isPicture(mediaType: string): mediaType is PictureType {
  return /^image\/(png|jpeg|gif|webp)$/.test(mediaType);
}

/** As a message that was said has it. */
export function attachmentOf({ kind, name, mediaType, size, hash }: DraftAttachment): Attachment {
  const characters = Math.ceil(size / 3) * 4;
  return { type: "attachment", kind, name, mediaType, size: characters, hash };
}

/** From a message that was said; its bytes are with the host. */
export function draftAttachmentOf({
  kind,
  name,
  mediaType,
  size,
  hash,
}: Attachment): DraftAttachment {
  return {
    key: crypto.randomUUID(),
    kind,
    name,
    mediaType,
    size: bytesOf(size),
    state: "ready",
    scaledTo: null,
    hash,
    bytes: null,
  };
}

/** Of what nobody has any more but its name. */
export function lost(name: string): DraftAttachment {
  return {
    key: crypto.randomUUID(),
    kind: "file",
    name,
    mediaType: "",
    size: 0,
    state: { code: "lost" },
    scaledTo: null,
    hash: "",
    bytes: null,
  };
}

export const isLost = ({ state }: DraftAttachment): boolean =>
  typeof state !== "string" && state.code === "lost";

/** Bytes behind so many characters of base64. */
export const bytesOf = (characters: number): number => Math.floor((characters * 3) / 4);
