/** The attachments of a message that is being written. */
import { createStore, type ReadonlyStore } from "../lib/store";
import {
  type DraftAttachment,
  isText,
  MAX_COUNT,
  MAX_TEXT,
  MAX_TOTAL,
  type Problem,
} from "./draftAttachment";
import { inspectFile, unreadAttachment } from "./inspectFile";
import type { ResizeImage } from "./resizeImage";

export interface AttachmentList extends ReadonlyStore<readonly DraftAttachment[]> {
  /** Adds chosen files. They appear at once and are read in the background. */
  add(files: readonly File[]): void;
  /** Puts back attachments that were in the list before. */
  put(attached: readonly DraftAttachment[]): void;
  remove(key: string): void;
  /** Removes and returns all attachments. */
  take(): readonly DraftAttachment[];
  /** Resolves when all present attachments have been read. */
  whenRead(): Promise<void>;
}

/** Loaded with the first picture. */
const resizeLazily: ResizeImage = async (...picture) =>
  (await import("./resizeImage")).resizeImage(...picture);

/** `onRead` gets each attachment that has just been read. */
export function createAttachmentList(
  onRead: (attached: DraftAttachment) => unknown = () => {},
  scale: ResizeImage = resizeLazily,
): AttachmentList {
  const store = createStore<readonly DraftAttachment[]>([]);
  // One after the other: scaling pictures takes much memory.
  let lastRead = Promise.resolve();

  async function fill(key: string, file: File): Promise<void> {
    const content = await inspectFile(file, scale);
    const before = store.get().find((attachment) => attachment.key === key);
    if (before === undefined) return; // removed in the meantime
    const after = markExcess({ ...before, ...content }, store.get());
    store.set(store.get().map((attachment) => (attachment.key === key ? after : attachment)));
    onRead(after);
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    add(files) {
      for (const file of files) {
        const attachment = unreadAttachment(file);
        store.set([...store.get(), attachment]);
        lastRead = lastRead.then(() => fill(attachment.key, file));
      }
    },
    put(attached) {
      if (attached.length > 0) store.set(recheckLimits([...attached, ...store.get()]));
    },
    remove(key) {
      store.set(recheckLimits(store.get().filter((attachment) => attachment.key !== key)));
    },
    take() {
      const all = store.get();
      store.set([]);
      return all;
    },
    whenRead: () => lastRead,
  };
}

/** Marks the attachment if it exceeds a limit together with the others. */
function markExcess(attachment: DraftAttachment, all: readonly DraftAttachment[]): DraftAttachment {
  if (attachment.state !== "ready") return attachment;
  const others = all.filter(({ key, state }) => key !== attachment.key && state === "ready");
  const problem = excessOf(attachment, others);
  return problem === null ? attachment : { ...attachment, state: problem };
}

function excessOf(attachment: DraftAttachment, others: readonly DraftAttachment[]): Problem | null {
  if (others.length >= MAX_COUNT) return { code: "many", limit: MAX_COUNT };
  const sum = (all: readonly DraftAttachment[]) => all.reduce((total, { size }) => total + size, 0);
  const all = [...others, attachment];
  if (sum(all) > MAX_TOTAL) return { code: "total", limit: MAX_TOTAL };
  if (isText(attachment) && sum(all.filter(isText)) > MAX_TEXT) {
    return { code: "text", limit: MAX_TEXT };
  }
  return null;
}

/** Checks all limits again: after a change, an attachment may fit that did not, or vice versa. */
function recheckLimits(all: readonly DraftAttachment[]): readonly DraftAttachment[] {
  const checked: DraftAttachment[] = [];
  for (const attachment of all) {
    const isRead = attachment.hash !== "";
    checked.push(isRead ? markExcess({ ...attachment, state: "ready" }, checked) : attachment);
  }
  return checked;
}
