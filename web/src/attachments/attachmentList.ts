/** Tray: what is going to be said with the message that is being written. */
import { createStore, type ReadonlyStore } from "../lib/store";
import {
  type Attached,
  isText,
  MAX_COUNT,
  MAX_TEXT,
  MAX_TOTAL,
  type Problem,
} from "./draftAttachment";
import { announced, look } from "./inspectFile";
import { scale as drawn, type Scale } from "./resizeImage";

export interface Tray extends ReadonlyStore<readonly Attached[]> {
  /** Take files that somebody chose. They stand there at once, and are read meanwhile. */
  add(files: readonly File[]): void;
  /** Put something back that was there before. */
  put(attached: readonly Attached[]): void;
  remove(key: string): void;
  /** Everything that is there; it is empty afterwards. */
  take(): readonly Attached[];
  /** When all has been read that was there. */
  settled(): Promise<void>;
}

/** `read` is told of all that has just been read. */
export function createTray(
  read: (attached: Attached) => unknown = () => {},
  scale: Scale = drawn,
): Tray {
  const store = createStore<readonly Attached[]>([]);
  const reading = new Map<string, Promise<void>>();

  async function fill(key: string, file: File): Promise<void> {
    const found = await look(file, scale);
    reading.delete(key);
    const before = store.get().find((one) => one.key === key);
    if (before === undefined) return; // it was taken away meanwhile
    const after = limited({ ...before, ...found }, store.get());
    store.set(store.get().map((one) => (one.key === key ? after : one)));
    read(after);
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    add(files) {
      for (const file of files) {
        const attached = announced(file);
        store.set([...store.get(), attached]);
        // One after the other: pictures take much memory while they are scaled.
        const before = [...reading.values()].at(-1) ?? Promise.resolve();
        reading.set(
          attached.key,
          before.then(() => fill(attached.key, file)),
        );
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
    async settled() {
      while (reading.size > 0) await Promise.all(reading.values());
    },
  };
}

/** With what the others leave room for. */
function limited(attached: Attached, all: readonly Attached[]): Attached {
  if (attached.state !== "ready") return attached;
  const others = all.filter(({ key, state }) => key !== attached.key && state === "ready");
  const problem = excess(attached, others);
  return problem === null ? attached : { ...attached, state: problem };
}

function excess(attached: Attached, others: readonly Attached[]): Problem | null {
  if (others.length >= MAX_COUNT) return { code: "many", limit: MAX_COUNT };
  const sum = (some: readonly Attached[]) => some.reduce((total, { size }) => total + size, 0);
  const all = [...others, attached];
  if (sum(all) > MAX_TOTAL) return { code: "total", limit: MAX_TOTAL };
  if (isText(attached) && sum(all.filter(isText)) > MAX_TEXT) {
    return { code: "text", limit: MAX_TEXT };
  }
  return null;
}

/** Something came or went: what was too much may fit now, and the other way round. */
function relaxed(all: readonly Attached[]): readonly Attached[] {
  const taken: Attached[] = [];
  for (const one of all) {
    const isRead = one.hash !== "";
    taken.push(isRead ? limited({ ...one, state: "ready" }, taken) : one);
  }
  return taken;
}
