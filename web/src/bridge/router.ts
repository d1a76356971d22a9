/** Router: brings each event to those who listen for its channel or for its inference. */
import type { AnyEvent } from "./contract";

export type Channel = AnyEvent["channel"];
export type EventOf<C extends Channel> = Extract<AnyEvent, { channel: C }>;
export type Unsubscribe = () => void;

const CHANNELS: ReadonlySet<string> = new Set<Channel>([
  "llm:thinking",
  "llm:reasoning",
  "llm:token",
  "llm:tool",
  "llm:retrying",
  "llm:notice",
  "llm:done",
  "llm:error",
]);

type Listener<T> = (value: T) => void;

export interface Router {
  on<C extends Channel>(channel: C, listener: Listener<EventOf<C>>): Unsubscribe;
  /** Events in the batches in which they came; of one inference, if one is named. */
  onEvents(listener: Listener<readonly AnyEvent[]>, inferenceId?: string): Unsubscribe;
  dispatch(events: readonly AnyEvent[]): void;
  /** Keep a run's events back until `release`, while older ones are being fetched. */
  hold(inferenceId: string): void;
  /** Tell what was fetched, then what was kept back. */
  release(inferenceId: string, fetched?: readonly AnyEvent[]): void;
  /** The runs that have not ended, each with the last `seq` that came. */
  readonly live: ReadonlyMap<string, number>;
  /** Note a run that is known to exist, before its first event. */
  follow(inferenceId: string, lastSeq: number): void;
  forget(inferenceId: string): void;
}

export function createRouter(): Router {
  const byChannel = new Map<string, Set<Listener<AnyEvent>>>();
  const byInference = new Map<string | undefined, Set<Listener<readonly AnyEvent[]>>>();
  const held = new Map<string, { depth: number; events: AnyEvent[] }>();
  const live = new Map<string, number>();

  function tell<T>(listeners: Set<Listener<T>> | undefined, value: T): void {
    if (listeners === undefined) return;
    for (const listener of [...listeners]) {
      try {
        listener(value);
      } catch (error) {
        reportError(error); // the other listeners are called all the same
      }
    }
  }

  function note(event: AnyEvent): void {
    if (event.channel === "llm:done" || event.channel === "llm:error") {
      live.delete(event.inferenceId);
    } else {
      const last = live.get(event.inferenceId) ?? -1;
      live.set(event.inferenceId, Math.max(last, lastSeqOf(event)));
    }
  }

  function dispatch(events: readonly AnyEvent[]): void {
    const free: AnyEvent[] = [];
    const batches = new Map<string, AnyEvent[]>();
    for (const event of events) {
      note(event);
      const waiting = held.get(event.inferenceId);
      if (waiting !== undefined) {
        waiting.events.push(event);
        continue;
      }
      free.push(event);
      if (byInference.has(event.inferenceId)) {
        const batch = batches.get(event.inferenceId);
        if (batch === undefined) batches.set(event.inferenceId, [event]);
        else batch.push(event);
      }
    }
    if (free.length === 0) return;
    for (const event of free) tell(byChannel.get(event.channel), event);
    for (const [id, batch] of batches) tell(byInference.get(id), batch);
    tell(byInference.get(undefined), free);
  }

  return {
    live,
    dispatch,
    on(channel, listener) {
      // A function of its own for every subscription: the same callback may listen twice.
      return join(byChannel, channel, (event: AnyEvent) =>
        listener(event as EventOf<typeof channel>),
      );
    },
    onEvents(listener, inferenceId) {
      return join(byInference, inferenceId, (events: readonly AnyEvent[]) => listener(events));
    },
    hold(inferenceId) {
      const waiting = held.get(inferenceId);
      if (waiting === undefined) held.set(inferenceId, { depth: 1, events: [] });
      else waiting.depth += 1;
    },
    release(inferenceId, fetched = []) {
      const waiting = held.get(inferenceId);
      if (waiting === undefined) return;
      waiting.events.unshift(...fetched);
      waiting.depth -= 1;
      if (waiting.depth > 0) return;
      held.delete(inferenceId);
      dispatch(waiting.events);
    },
    follow(inferenceId, lastSeq) {
      live.set(inferenceId, Math.max(live.get(inferenceId) ?? -1, lastSeq));
    },
    forget(inferenceId) {
      live.delete(inferenceId);
    },
  };
}

/** Whether an item of a push is an event that this page knows. */
export function isEvent(item: object): item is AnyEvent {
  return (
    "channel" in item &&
    CHANNELS.has(item.channel as string) &&
    "inferenceId" in item &&
    typeof item.inferenceId === "string" &&
    "seq" in item &&
    Number.isSafeInteger(item.seq)
  );
}

/** The `seq` of the last part in an event, joined or not. */
export function lastSeqOf(event: AnyEvent): number {
  return "count" in event ? event.seq + event.count - 1 : event.seq;
}

function join<K, L>(map: Map<K, Set<L>>, key: K, listener: L): Unsubscribe {
  const listeners = map.get(key) ?? new Set<L>();
  map.set(key, listeners);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && map.get(key) === listeners) map.delete(key);
  };
}
