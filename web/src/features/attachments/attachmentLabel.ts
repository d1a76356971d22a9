/** What an attachment of a message is called, and how large it is said to be. */
import { bytesOf } from "../../attachments/draftAttachment";
import type { Attachment } from "../../bridge/contract";
import { strings } from "../../i18n";

const KILOBYTE = 1_000;

/** Its file's name; pictures from elsewhere have none, and are counted. */
export function attachmentName({ name }: Attachment, place: number, pictures: number): string {
  if (name !== null) return name;
  const { pictureOf, file } = strings.attachments;
  return place < pictures ? pictureOf(place + 1, pictures) : file;
}

/** Its base64 says it but for two bytes, which only matter where there are few. */
export function attachmentSize({ size }: Attachment): string {
  return strings.attachments.size(Math.max(KILOBYTE, bytesOf(size)));
}
