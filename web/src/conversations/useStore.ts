/** The value of a store, or what `select` takes of it; renders when that changes. */
import { useSyncExternalStore } from "react";
import type { ReadonlyStore } from "../lib/store";

export function useStore<T>(store: ReadonlyStore<T>): T;
export function useStore<T, S>(store: ReadonlyStore<T>, select: (value: T) => S): S;
export function useStore<T, S>(store: ReadonlyStore<T>, select?: (value: T) => S): T | S {
  const get = () => (select === undefined ? store.get() : select(store.get()));
  // The third is for pages that are rendered on a server.
  return useSyncExternalStore(store.subscribe, get, get);
}
