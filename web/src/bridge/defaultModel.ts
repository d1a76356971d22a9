/** The provider and model of new chats. */
import { createStore, type ReadonlyStore } from "../lib/store";
import type { Bridge } from "./bridge";
import type { Defaults } from "./contract";

/** Those of the host's last hello, or those that it has pushed since. Null before the first hello. */
export function followDefaults(bridge: Bridge): ReadonlyStore<Defaults | null> {
  const store = createStore(bridge.host()?.defaults ?? null);

  function set(next: Defaults | undefined): void {
    const { providerId, modelId } = store.get() ?? {};
    if (next === undefined) return;
    if (next.providerId !== providerId || next.modelId !== modelId) store.set(next);
  }

  bridge.topics.on("defaults", set);
  // While the connection is lost, the hello is older than what was pushed.
  bridge.onConnection(() => bridge.connection().phase === "ready" && set(bridge.host()?.defaults));
  return store;
}
