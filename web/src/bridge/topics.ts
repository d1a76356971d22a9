/** The latest value of each topic that the host has pushed. */
import { createStore, type Store } from "../lib/store";
import type { AnyTopic } from "./contract";
import type { Unsubscribe } from "./eventRouter";

export type TopicName = AnyTopic["name"];
export type TopicValue<N extends TopicName> = Extract<AnyTopic, { name: N }>["value"];

export interface Topics {
  /** The latest value; undefined before the host's first push. */
  get<N extends TopicName>(name: N, key?: string): TopicValue<N> | undefined;
  /**
   * Calls the listener with every new value, and with undefined when the connection to the host is
   * lost. The host pushes all of its topics before it answers the next hello.
   */
  on<N extends TopicName>(
    name: N,
    listener: (value: TopicValue<N> | undefined) => void,
    key?: string,
  ): Unsubscribe;
  take(topic: AnyTopic): void;
  clear(): void;
}

export function createTopics(): Topics {
  /** Wrapped in an object, so that listeners also get a value that equals the previous one. */
  type Latest = { readonly value: AnyTopic["value"] } | null;
  const stores = new Map<string, Store<Latest>>();

  function storeOf(name: TopicName, key = ""): Store<Latest> {
    const id = `${name}/${key}`;
    const store = stores.get(id) ?? createStore<Latest>(null);
    stores.set(id, store);
    return store;
  }

  return {
    get: <N extends TopicName>(name: N, key?: string) =>
      storeOf(name, key).get()?.value as TopicValue<N> | undefined,
    on: <N extends TopicName>(
      name: N,
      listener: (value: TopicValue<N> | undefined) => void,
      key?: string,
    ) =>
      storeOf(name, key).subscribe((topic) => listener(topic?.value as TopicValue<N> | undefined)),
    take: ({ name, key, value }) => storeOf(name, key).set({ value }),
    clear() {
      for (const store of stores.values()) store.set(null);
    },
  };
}

/** Whether an item of a push is a topic, of Tidewire or of another program. */
export function isTopic(item: object): item is AnyTopic {
  return (
    "channel" in item &&
    item.channel === "topic" &&
    "name" in item &&
    typeof item.name === "string" &&
    "key" in item &&
    typeof item.key === "string" &&
    "value" in item
  );
}
