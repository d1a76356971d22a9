/** The host's list of conversations, and the state of the store. */
import type { ConversationSummary, StoreState } from "../bridge/contract";
import { failureOf } from "../bridge/hostError";
import { createStore, type ReadonlyStore } from "../lib/store";
import type { HostPort } from "./hostPort";

/** Pause before a retry after a refusal. */
const RETRY_MS = 2_000;
/** Least time between two fetches of the whole list. */
const GAP_MS = 250;

type Items = readonly ConversationSummary[];

/** The list, and the last known state of the store; its version is -1 until then. */
export interface ListState extends Readonly<StoreState> {
  readonly phase: "opening" | "open";
  readonly items: Items;
}

export interface List extends ReadonlyStore<ListState> {
  /** Shows a change while its request is pending, and reverts it if the host refuses. */
  optimistic(change: (items: Items) => Items, request: () => Promise<unknown>): Promise<void>;
  /** Fetches the list, with all changes that the host has pushed until now. */
  refresh(): Promise<void>;
  /** Starts to follow the store; returns a function that stops. */
  watch(): () => void;
}

const NOTHING: ListState = {
  phase: "opening",
  items: [],
  problem: null,
  remarks: [],
  version: -1,
  summaries: 0,
};

export function createList(host: HostPort): List {
  const store = createStore<ListState>(NOTHING);
  const { conversations } = host.client;

  // Changes that the host has not confirmed: an older list must not revert them.
  const optimisticChanges = new Set<(items: Items) => Items>();
  /** The last fetch, and the version of the store that it contains; null if unknown. */
  let last: { readonly version: number | undefined; readonly items: Promise<Items> } | null = null;

  function show(items: Items): void {
    const all = [...optimisticChanges].reduce((shown, change) => change(shown), items);
    store.set({ ...store.get(), items: same(all, store.get().items) });
  }

  /** Fetches the list if its version is new. `change` ends when the fetched list contains it. */
  async function fetchItems(change?: (items: Items) => Items): Promise<void> {
    const version = host.topics.get("store")?.version;
    if (version === undefined || last?.version !== version) {
      last = { version, items: conversations.list() };
    }
    const fetched = last;
    try {
      const items = visible(await fetched.items);
      if (change !== undefined) optimisticChanges.delete(change);
      // A later fetch shows its own items.
      if (last === fetched) show(items);
    } catch (error) {
      if (last === fetched) last = null;
      throw error;
    }
  }

  async function refresh(): Promise<void> {
    await fetchItems();
    store.set({ ...store.get(), phase: "open" });
  }

  function setState(state: StoreState): void {
    store.set({ ...store.get(), ...state });
  }

  /** Fetches the list until that succeeds; returns the pause before the next fetch. */
  async function fetchList(): Promise<number> {
    try {
      await host.llm.ready();
      await refresh();
      return GAP_MS;
    } catch (error) {
      if (failureOf(error).code !== "HOST_LOST") store.set({ ...store.get(), phase: "open" });
      return RETRY_MS;
    }
  }

  /** Fetches the list now and after every change, at most once in `GAP_MS`. */
  function follow(): () => void {
    let isWatched = true;
    let isStale = true;
    let isFetching = false;

    async function update(): Promise<void> {
      if (isFetching) return;
      isFetching = true;
      while (isWatched && isStale) {
        isStale = false;
        const gap = await fetchList();
        if (gap === RETRY_MS) isStale = true;
        await pause(gap);
      }
      isFetching = false;
    }

    // A lost host pushes `undefined`; a host that returns opens the store at the first request.
    const unsubscribe = host.topics.on("store", (state) => {
      if (state === undefined) last = null;
      else setState(state);
      isStale = true;
      void update();
    });
    const known = host.topics.get("store");
    if (known !== undefined) setState(known);
    void update();
    return () => {
      isWatched = false;
      unsubscribe();
    };
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    refresh,
    async optimistic(change, request) {
      optimisticChanges.add(change);
      show(store.get().items);
      try {
        await request();
      } finally {
        await fetchItems(change).catch(() => optimisticChanges.delete(change));
      }
    },
    watch: follow,
  };
}

/** Hides conversations without a message: they are about to get their first, or never will. */
function visible(items: Items): Items {
  return items.filter(({ messageCount }) => messageCount > 0);
}

/** Unchanged items stay the same objects, so that of thousands of rows only changed ones render. */
function same(items: Items, before: Items): Items {
  const known = new Map(before.map((item) => [item.id, item]));
  return items.map((item) => {
    const old = known.get(item.id);
    return old !== undefined && isSame(old, item) ? old : item;
  });
}

function isSame(one: ConversationSummary, other: ConversationSummary): boolean {
  const names = Object.keys(one) as (keyof ConversationSummary)[];
  return names.every((name) => one[name] === other[name]);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
