/** The conversations that are kept, as the host has them, and how the store is. */
import type { ConversationSummary, StoreState } from "../bridge/contract";
import { failureOf } from "../bridge/hostError";
import { createStore, type ReadonlyStore } from "../lib/store";
import type { HostPort } from "./hostPort";

/** How soon a host that refused is asked again. */
const RETRY_MS = 2_000;
/** Least time between two looks at the whole list. */
const GAP_MS = 250;

type Items = readonly ConversationSummary[];

/** The list, and the store as it was last told; its version is -1 until then. */
export interface ListState extends Readonly<StoreState> {
  readonly phase: "opening" | "open";
  readonly items: Items;
}

export interface List extends ReadonlyStore<ListState> {
  /** Show a change while the host is asked for it; when it refuses, the list is as it was. */
  optimistic(change: (items: Items) => Items, ask: () => Promise<unknown>): Promise<void>;
  /** Look again now. */
  refresh(): Promise<void>;
  /** Begin to follow the store; returns what ends it. */
  watch(): () => void;
}

const NOTHING: ListState = { phase: "opening", items: [], problem: null, remarks: [], version: -1 };

export function createList(host: HostPort): List {
  const store = createStore<ListState>(NOTHING);
  const { conversations } = host.client;

  // Until the host is known to have made them: a list that it gave before would take them back.
  const foreseen = new Set<(items: Items) => Items>();
  let asked = 0;
  let newest = 0;

  function show(items: Items): void {
    const all = [...foreseen].reduce((shown, change) => change(shown), items);
    store.set({ ...store.get(), items: same(all, store.get().items) });
  }

  /** What was `made` is in the list that is asked for now. */
  async function look(made?: (items: Items) => Items): Promise<void> {
    asked += 1;
    const number = asked;
    const items = visible(await conversations.list());
    if (made !== undefined) foreseen.delete(made);
    if (number < newest) return; // one that was asked for later has come already
    newest = number;
    show(items);
  }

  async function refresh(): Promise<void> {
    await look();
    store.set({ ...store.get(), phase: "open" });
  }

  function tell(state: StoreState): void {
    store.set({ ...store.get(), ...state });
  }

  /** Fetch the list until that succeeds; returns how long to wait before the next time. */
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

  /** Fetch the list now and after every change, at most once in `GAP_MS`. */
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

    // A lost host ends in `undefined`: the one that comes back opens the store when it is asked.
    const unsubscribe = host.topics.on("store", (state) => {
      if (state !== undefined) tell(state);
      isStale = true;
      void update();
    });
    const known = host.topics.get("store");
    if (known !== undefined) tell(known);
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
    async optimistic(change, ask) {
      foreseen.add(change);
      show(store.get().items);
      try {
        await ask();
      } finally {
        await look(change).catch(() => foreseen.delete(change));
      }
    },
    watch: follow,
  };
}

/** One that has no message yet is about to get its first, or never will. */
function visible(items: Items): Items {
  return items.filter(({ messageCount }) => messageCount > 0);
}

/** What did not change stays the same object, and of thousands of rows one is drawn anew. */
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
