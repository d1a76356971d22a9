/** Small texts that the host keeps for the page: a window has no storage that outlives it. */
import type { HostPort } from "./hostPort";

/** A note that changes is written when it has rested. */
const PAUSE_MS = 800;

export interface HostStorage {
  /** All notes: as they were when this page was opened, with what it has changed since. Never rejects. */
  recall(): Promise<ReadonlyMap<string, string>>;
  /** Soon; at once when null, which lets go of it. */
  remember(name: string, text: string | null): void;
}

export function createHostStorage({ client }: Pick<HostPort, "client">): HostStorage {
  const { conversations } = client;
  const waiting = new Map<string, string>();
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
    if (written.get(name) === text) return;
    written.set(name, text);
    void conversations.remember({ name, text }).catch(() => written.delete(name));
  }

  function tellAll(): void {
    clearTimeout(timer);
    timer = undefined;
    for (const [name, text] of waiting) tell(name, text);
    waiting.clear();
  }

  addEventListener("pagehide", tellAll);

  return {
    recall() {
      found ??= fetch();
      return found;
    },
    remember(name, text) {
      void found?.then((all) => (text === null ? all.delete(name) : all.set(name, text)));
      if (text === null) {
        waiting.delete(name);
        tell(name, null);
        return;
      }
      waiting.set(name, text);
      timer ??= setTimeout(tellAll, PAUSE_MS);
    },
  };
}
