/** The provider and model of new chats. */
import { createStore, type ReadonlyStore } from "../lib/store";
import type { Bridge } from "./bridge";
import type { Defaults } from "./contract";
import { onReady } from "./onReady";

/** Follows the host's default provider and model. Null before the first hello. */
export function followDefaults(bridge: Bridge): ReadonlyStore<Defaults | null> {
  const store = createStore<Defaults | null>(null);

  function set(next: Defaults | undefined): void {
    const { providerId, modelId } = store.get() ?? {};
    if (next === undefined) return;
    if (next.providerId !== providerId || next.modelId !== modelId) store.set(next);
  }

  bridge.topics.on("defaults", set);
  // Not while the connection is lost: the hello is older than what was pushed.
  onReady(bridge, () => set(bridge.host()?.defaults));
  return store;
}
