/** A picture or file to send with a message, and what prevents sending it. */
import type { Attachment, ImagePart, MessageTemplate } from "../bridge/contract";

export type PictureType = ImagePart["mediaType"];

/** Most bytes of all attachments of one message: with base64 they fit one call. */
export const MAX_TOTAL = 20_000_000;
/** Most bytes of all text files of one message; the host refuses a million characters. */
export const MAX_TEXT = 500_000;
/** Most bytes of a picture as it is sent; providers refuse larger ones. */
export const MAX_PICTURE = 5_000_000;
/** Most bytes of a file that is read at all: larger pictures would exhaust the page's memory. */
export const MAX_FILE = 50_000_000;
/** Most pictures and files of one message. */
export const MAX_COUNT = 20;
/** Longest side of a picture that is sent, in pixels: models scale larger ones down themselves. */
export const MAX_SIDE = 1_568;

/** Why an attachment cannot be sent. `limit` is in bytes, but for `many` it is a number of files. */
export type Problem =
  | { readonly code: "type" | "empty" | "unreadable" | "lost" }
  | { readonly code: "large" | "text" | "total" | "many"; readonly limit: number };

export interface DraftAttachment {
  /** The page's own key. */
  readonly key: string;
  readonly kind: "image" | "file";
  /** The file's name, never a path; null if unknown. */
  readonly name: string | null;
  readonly mediaType: string;
  /** In bytes, as it is sent. */
  readonly size: number;
  readonly state: "reading" | "ready" | Problem;
  /** The longer side in pixels, if the picture was scaled down. */
  readonly scaledTo: number | null;
  /** SHA-256 of the bytes; empty until they are read. */
  readonly hash: string;
  /** Null until they are read, and for attachments of a sent message, whose bytes the host has. */
  readonly bytes: Blob | null;
}

/** A message to send: its text and its attachments. */
export interface DraftMessage {
  readonly text: string;
  readonly attached: readonly DraftAttachment[];
  /** Whether a server wrote some of the text, which the host then trusts less. */
  readonly untrusted: boolean;
  /** The template that made the text. */
  readonly template?: MessageTemplate | undefined;
  /** Gives the chat the template's instructions and options on sending. */
  readonly setUp?: SetUp | undefined;
}

export type SetUp = () => {
  /** Resolves when the host has the instructions; rejects if it refuses them. */
  readonly ready: Promise<void> | undefined;
  /** Takes instructions and options back if the message is refused. */
  revert(): void;
};

export const NO_MESSAGE: DraftMessage = { text: "", attached: [], untrusted: false };

export const isBlank = ({ text, attached }: Pick<DraftMessage, "text" | "attached">): boolean =>
  text.trim() === "" && attached.length === 0;

/** The template of a message, with what it sets, unless the text has been edited meanwhile. */
export function templateOf(
  written: DraftMessage | null | undefined,
  text: string,
): Pick<DraftMessage, "template" | "setUp"> {
  return written?.template !== undefined && written.text === text
    ? { template: written.template, setUp: written.setUp }
    : {};
}

export const isReady = ({ state }: DraftAttachment): boolean => state === "ready";

export const isText = ({ mediaType }: Pick<DraftAttachment, "mediaType">): boolean =>
  mediaType.startsWith("text/");

/** Picture types that are shown. SVG is not among them: it is a document that can hold anything. */
export function isPicture(mediaType: string): mediaType is PictureType {
  return /^image\/(png|jpeg|gif|webp)$/.test(mediaType);
}

/** Sounds that are played, in results of tools. */
export const isSound = ({ mediaType }: Pick<Attachment, "mediaType">): boolean =>
  mediaType.startsWith("audio/");

/** The attachment in the form of a sent message, whose size is that of its base64. */
export function attachmentOf({ kind, name, mediaType, size, hash }: DraftAttachment): Attachment {
  const characters = Math.ceil(size / 3) * 4;
  return { type: "attachment", kind, name, mediaType, size: characters, hash };
}

/** A draft attachment from a sent message; the host has its bytes. */
export function draftAttachmentOf({ type: _, size, ...sent }: Attachment): DraftAttachment {
  return { ...fileNamed(sent.name, "ready"), ...sent, size: bytesOf(size) };
}

/** An attachment of which only the name is left. */
export const lostFile = (name: string): DraftAttachment => fileNamed(name, { code: "lost" });

/** An attachment with only a name; the caller adds the rest. */
export function fileNamed(name: string | null, state: DraftAttachment["state"]): DraftAttachment {
  return {
    key: crypto.randomUUID(),
    kind: "file",
    name,
    mediaType: "",
    size: 0,
    state,
    scaledTo: null,
    hash: "",
    bytes: null,
  };
}

export const isLost = ({ state }: DraftAttachment): boolean =>
  typeof state !== "string" && state.code === "lost";

/** The number of bytes that this many base64 characters encode. */
export const bytesOf = (characters: number): number => Math.floor((characters * 3) / 4);
