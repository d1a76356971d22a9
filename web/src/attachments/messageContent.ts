/** Converts a draft to the host's message content: attachments first, then the text. */
import type { Attachment, FilePart, ImagePart, SendRequest, TextPart } from "../bridge/contract";
import { type BlobCache, toBase64 } from "../lib/blobs";
import {
  attachmentOf,
  type DraftAttachment,
  type DraftMessage,
  isPicture,
} from "./draftAttachment";

/** Rejects if the bytes of an attachment of an earlier message are no longer available. */
export async function contentOf(
  { text, attached }: DraftMessage,
  bytes: BlobCache,
): Promise<SendRequest["content"]> {
  if (attached.length === 0) return text;
  const parts = await Promise.all(attached.map((one) => partOf(one, bytes)));
  return text.trim() === "" ? parts : [...parts, { type: "text", text }];
}

/** The content to show until the host returns the stored message. */
export function shownContent({ text, attached }: DraftMessage): string | (TextPart | Attachment)[] {
  if (attached.length === 0) return text;
  const parts = attached.map(attachmentOf);
  return text.trim() === "" ? parts : [...parts, { type: "text", text }];
}

async function partOf(attached: DraftAttachment, bytes: BlobCache): Promise<ImagePart | FilePart> {
  const { kind, name, mediaType, hash } = attached;
  const data = await toBase64(attached.bytes ?? (await bytes.get(hash, mediaType)));
  if (kind === "image" && isPicture(mediaType)) return { type: "image", name, mediaType, data };
  return { type: "file", name: name ?? "file", mediaType, data };
}
