/** The latest value of each topic that the host has pushed. */
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

type Listener = (value: unknown) => void;

export function createTopics(): Topics {
  const values = new Map<string, AnyTopic["value"]>();
  const listeners = new Map<string, Set<Listener>>();

  function tell(id: string): void {
    for (const listener of [...(listeners.get(id) ?? [])]) {
      try {
        listener(values.get(id));
      } catch (error) {
        reportError(error); // the other listeners are still called
      }
    }
  }

  return {
    get: <N extends TopicName>(name: N, key = "") =>
      values.get(idOf(name, key)) as TopicValue<N> | undefined,
    on<N extends TopicName>(
      name: N,
      listener: (value: TopicValue<N> | undefined) => void,
      key = "",
    ) {
      const id = idOf(name, key);
      // A new function for every subscription, because the same callback may subscribe twice.
      const own: Listener = (value) => listener(value as TopicValue<N> | undefined);
      const others = listeners.get(id) ?? new Set<Listener>();
      listeners.set(id, others.add(own));
      return () => {
        others.delete(own);
        if (others.size === 0 && listeners.get(id) === others) listeners.delete(id);
      };
    },
    take({ name, key, value }) {
      const id = idOf(name, key);
      values.set(id, value);
      tell(id);
    },
    clear() {
      const known = [...values.keys()];
      values.clear();
      for (const id of known) tell(id);
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

const idOf = (name: TopicName, key: string): string => `${name}/${key}`;
