/** Small texts that the host keeps for the page: a window has no storage that outlives it. */
import type { HostPort } from "./hostPort";

/** Texts that change are written so long after the first change. */
const PAUSE_MS = 800;

export interface HostStorage {
  /** All notes: as they were when this page was opened, with what it has changed since. Never rejects. */
  recall(): Promise<ReadonlyMap<string, string>>;
  /** Written soon, as `read` gives it then, but null at once: that removes the note. */
  remember(name: string, text: string | null | (() => string | null)): void;
  /** Writes now what waits. */
  flush(): void;
}

export function createHostStorage({ client }: Pick<HostPort, "client">): HostStorage {
  const { conversations } = client;
  const waiting = new Map<string, () => string | null>();
  /** What the host has, as far as this page knows: nothing is written twice. */
  const written = new Map<string, string | null>();
  let found: Promise<Map<string, string>> | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function fetch(): Promise<Map<string, string>> {
    try {
      return new Map(Object.entries(await conversations.recall()));
    } catch {
      return new Map(); // a host that keeps none
    }
  }

  function tell(name: string, text: string | null): void {
    waiting.delete(name);
    void found?.then((all) => (text === null ? all.delete(name) : all.set(name, text)));
    if (written.get(name) === text) return;
    written.set(name, text);
    void conversations.remember({ name, text }).catch(() => written.delete(name));
  }

  function tellAll(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const [name, read] of [...waiting]) tell(name, read());
  }

  addEventListener("pagehide", tellAll);

  return {
    flush: tellAll,
    recall() {
      tellAll();
      found ??= fetch();
      return found;
    },
    remember(name, text) {
      if (text === null) {
        tell(name, null);
        return;
      }
      waiting.set(name, typeof text === "string" ? () => text : text);
      timer ??= setTimeout(tellAll, PAUSE_MS);
    },
  };
}
