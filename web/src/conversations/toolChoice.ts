/** The tools that a conversation offers to its model, stored in the host's notes. None by default. */
import { createStore, type ReadonlyStore } from "../lib/store";
import type { HostStorage } from "./hostStorage";

const NOTE = "tools.";

export interface ToolChoice extends ReadonlyStore<readonly string[]> {
  choose(names: readonly string[]): void;
  /** The part of a request that offers the tools. */
  offered(): { readonly tools?: string[] };
  /** Fetches the stored choice, unless one has been made here. Never rejects. */
  recall(): Promise<void>;
  /** Stores the choice of a conversation that has just received its id. */
  keep(): void;
}

/** `idOf` returns null while the conversation has no id, or must leave no trace. */
export function createToolChoice(notes: HostStorage | null, idOf: () => string | null): ToolChoice {
  const store = createStore<readonly string[]>([]);
  let isChosen = false;

  function keep(): void {
    const id = idOf();
    const names = store.get();
    if (id === null || !isChosen) return;
    notes?.remember(NOTE + id, names.length === 0 ? null : JSON.stringify(names));
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    keep,
    choose(names) {
      isChosen = true;
      store.set(names);
      keep();
    },
    offered: () => (store.get().length === 0 ? {} : { tools: [...store.get()] }),
    async recall() {
      const id = idOf();
      const text = id === null ? undefined : (await notes?.recall())?.get(NOTE + id);
      if (!isChosen && text !== undefined) store.set(namesIn(text));
    },
  };
}

function namesIn(text: string): readonly string[] {
  try {
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
  } catch {
    return [];
  }
}
