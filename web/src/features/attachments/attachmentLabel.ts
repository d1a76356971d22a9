/** The name and size shown for an attachment. */
import { bytesOf } from "../../attachments/draftAttachment";
import type { Attachment } from "../../bridge/contract";
import { strings } from "../../i18n";

const KILOBYTE = 1_000;

/** Its file's name; pictures without one are numbered. */
export function attachmentName({ name }: Attachment, place: number, pictures: number): string {
  if (name !== null) return name;
  const { pictureOf, file } = strings.attachments;
  return place < pictures ? pictureOf(place + 1, pictures) : file;
}

/** Computed from the base64 length, accurate to two bytes, which only matter for tiny files. */
export function attachmentSize({ size }: Attachment): string {
  return strings.size(Math.max(KILOBYTE, bytesOf(size)));
}
