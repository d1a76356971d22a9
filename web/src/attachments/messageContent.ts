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
  written: DraftMessage,
  bytes: BlobCache,
): Promise<SendRequest["content"]> {
  if (isText(written)) return written.text;
  const parts = await Promise.all(written.attached.map((attachment) => partOf(attachment, bytes)));
  return [...parts, ...textIn(written)];
}

/** The content to show until the host returns the stored message. */
export function shownContent(written: DraftMessage): string | (TextPart | Attachment)[] {
  return isText(written)
    ? written.text
    : [...written.attached.map(attachmentOf), ...textIn(written)];
}

/** Whether it is nothing but a text of the person. */
const isText = ({ attached, untrusted }: DraftMessage) => attached.length === 0 && !untrusted;

const textIn = ({ text, untrusted }: DraftMessage): TextPart[] =>
  text.trim() === "" ? [] : [{ type: "text", text, ...(untrusted && { untrusted }) }];

async function partOf(attached: DraftAttachment, bytes: BlobCache): Promise<ImagePart | FilePart> {
  const { kind, name, mediaType, hash } = attached;
  const data = await toBase64(attached.bytes ?? (await bytes.get(hash, mediaType)));
  if (kind === "image" && isPicture(mediaType)) return { type: "image", name, mediaType, data };
  return { type: "file", name: name ?? "file", mediaType, data };
}
