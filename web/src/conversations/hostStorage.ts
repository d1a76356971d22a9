/** Small texts that the host stores for the page: a window has no storage that survives it. */
import { failureOf } from "../bridge/hostError";
import type { HostPort } from "./hostPort";

/** Delay between the first change of a text and its write. */
const PAUSE_MS = 800;
/** Pause before a host that could not send the notes is asked again. */
const RETRY_MS = 2_000;

export interface HostStorage {
  /**
   * All notes: as they were when this page opened, plus its own changes. Never rejects, and waits for a
   * host that cannot read them yet: without its notes, the page would write over them.
   */
  recall(): Promise<ReadonlyMap<string, string>>;
  /** Writes soon; a function is called for the text then. Null removes the note at once. */
  remember(name: string, text: string | null | (() => string | null)): void;
  /** Writes all pending changes now. */
  flush(): void;
}

export function createHostStorage({ client }: Pick<HostPort, "client">): HostStorage {
  const { conversations } = client;
  const pending = new Map<string, () => string | null>();
  /** The host's values as far as this page knows, so that nothing is written twice. */
  const written = new Map<string, string | null>();
  let notes: Promise<Map<string, string>> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function fetch(): Promise<Map<string, string>> {
    for (;;) {
      try {
        return new Map(Object.entries(await conversations.recall()));
      } catch (error) {
        if (isFinal(error)) return new Map(); // a host without notes
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  function write(name: string, text: string | null): void {
    pending.delete(name);
    void notes?.then((all) => (text === null ? all.delete(name) : all.set(name, text)));
    if (written.get(name) === text) return;
    written.set(name, text);
    void conversations.remember({ name, text }).catch((error) => {
      if (written.get(name) !== text) return; // changed in the meantime
      written.delete(name);
      // A host that is busy or restores a backup will accept it soon.
      if (!isFinal(error) && !pending.has(name)) schedule(name, () => text);
    });
  }

  function schedule(name: string, read: () => string | null): void {
    pending.set(name, read);
    timer ??= setTimeout(writeAll, PAUSE_MS);
  }

  function writeAll(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const [name, read] of [...pending]) write(name, read());
  }

  addEventListener("pagehide", writeAll);

  return {
    flush: writeAll,
    recall() {
      writeAll();
      notes ??= fetch();
      return notes;
    },
    remember(name, text) {
      if (text === null) write(name, null);
      else schedule(name, typeof text === "string" ? () => text : text);
    },
  };
}

/** Whether a later request would be refused in the same way. */
const isFinal = (error: unknown): boolean => /^(VALIDATION|NOT_FOUND)$/.test(failureOf(error).code);
