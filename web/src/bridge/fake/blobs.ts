/** Blobs of the fake host: pictures and files of messages, for the lifetime of the page. */
import type { Attachment, AttachmentData, SendRequest, StoredMessage } from "../contract";
import { refusal } from "./refusal";

const HASH_CHARACTERS = 64;

export class FakeBlobs {
  readonly #data = new Map<string, string>();

  /** The content to store: attachments are stored apart and referenced by a name in place of a hash. */
  store(content: SendRequest["content"]): StoredMessage["content"] {
    if (typeof content === "string") return content;
    return content.map((part) => {
      if (part.type === "text") return part;
      const { type: kind, name = null, mediaType, data } = part;
      const hash = this.#data.size.toString(16).padStart(HASH_CHARACTERS, "0");
      this.#data.set(hash, data);
      return { type: "attachment", kind, name, mediaType, size: data.length, hash };
    });
  }

  get(hash: string): AttachmentData {
    const data = this.#data.get(hash);
    if (data === undefined) throw refusal("NOT_FOUND", "There is no such attachment");
    return { data };
  }
}

/** The prompt for the model: the text and then the attachments, as in the host's echo provider. */
export function echoPrompt(content: StoredMessage["content"]): string {
  if (typeof content === "string") return content;
  const words = content.map((part) => (part.type === "text" ? part.text : "")).join("");
  const labels = content.filter((part) => part.type === "attachment").map(labelOf);
  const got = labels.length === 0 ? "" : `I got: ${labels.join("; ")}`;
  return [words, got].filter((text) => text !== "").join("\n");
}

function labelOf({ kind, name, mediaType, size }: Attachment): string {
  const bytes = Math.floor((size * 3) / 4);
  return `${kind === "image" ? "picture" : `file ${name}`} (${mediaType}, ${bytes} bytes)`;
}
