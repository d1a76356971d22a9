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
import { announced, inspectFile } from "./inspectFile";
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
  settled(): Promise<void>;
}

/** Loaded with the first picture. */
const drawn: ResizeImage = async (...picture) =>
  (await import("./resizeImage")).resizeImage(...picture);

/** `onRead` gets each attachment that has just been read. */
export function createAttachmentList(
  onRead: (attached: DraftAttachment) => unknown = () => {},
  scale: ResizeImage = drawn,
): AttachmentList {
  const store = createStore<readonly DraftAttachment[]>([]);
  // One after the other: scaling pictures takes much memory.
  let read = Promise.resolve();

  async function fill(key: string, file: File): Promise<void> {
    const found = await inspectFile(file, scale);
    const before = store.get().find((one) => one.key === key);
    if (before === undefined) return; // removed in the meantime
    const after = limited({ ...before, ...found }, store.get());
    store.set(store.get().map((one) => (one.key === key ? after : one)));
    onRead(after);
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    add(files) {
      for (const file of files) {
        const attached = announced(file);
        store.set([...store.get(), attached]);
        read = read.then(() => fill(attached.key, file));
      }
    },
    put(attached) {
      if (attached.length > 0) store.set(relaxed([...attached, ...store.get()]));
    },
    remove(key) {
      store.set(relaxed(store.get().filter((one) => one.key !== key)));
    },
    take() {
      const taken = store.get();
      store.set([]);
      return taken;
    },
    settled: () => read,
  };
}

/** Marks the attachment if it exceeds the room that the others leave. */
function limited(attached: DraftAttachment, all: readonly DraftAttachment[]): DraftAttachment {
  if (attached.state !== "ready") return attached;
  const others = all.filter(({ key, state }) => key !== attached.key && state === "ready");
  const problem = excess(attached, others);
  return problem === null ? attached : { ...attached, state: problem };
}

function excess(attached: DraftAttachment, others: readonly DraftAttachment[]): Problem | null {
  if (others.length >= MAX_COUNT) return { code: "many", limit: MAX_COUNT };
  const sum = (some: readonly DraftAttachment[]) =>
    some.reduce((total, { size }) => total + size, 0);
  const all = [...others, attached];
  if (sum(all) > MAX_TOTAL) return { code: "total", limit: MAX_TOTAL };
  if (isText(attached) && sum(all.filter(isText)) > MAX_TEXT) {
    return { code: "text", limit: MAX_TEXT };
  }
  return null;
}

/** Checks all limits again after a change: what did not fit may fit now, and vice versa. */
function relaxed(all: readonly DraftAttachment[]): readonly DraftAttachment[] {
  const taken: DraftAttachment[] = [];
  for (const one of all) {
    const isRead = one.hash !== "";
    taken.push(isRead ? limited({ ...one, state: "ready" }, taken) : one);
  }
  return taken;
}
