/** Delivers each event to the listeners of its channel and of its inference. */
import type { AnyEvent } from "./contract";

export type Channel = AnyEvent["channel"];
export type EventOf<C extends Channel> = Extract<AnyEvent, { channel: C }>;
export type Unsubscribe = () => void;

/** One entry for each channel: a channel that is missing or unknown does not compile. */
export type ChannelTable<C extends string = Channel> = Readonly<Record<C, true>>;

export const CHANNELS = {
  "llm:thinking": true,
  "llm:reasoning": true,
  "llm:token": true,
  "llm:tool": true,
  "llm:step": true,
  "llm:call": true,
  "llm:approval": true,
  "llm:elicitation": true,
  "llm:result": true,
  "llm:retrying": true,
  "llm:notice": true,
  "llm:done": true,
  "llm:error": true,
} as const satisfies ChannelTable;

type Listener<T> = (value: T) => void;

export interface EventRouter {
  on<C extends Channel>(channel: C, listener: Listener<EventOf<C>>): Unsubscribe;
  /** Subscribes to events in batches as they arrived, of all inferences or of one. */
  onEvents(listener: Listener<readonly AnyEvent[]>, inferenceId?: string): Unsubscribe;
  dispatch(events: readonly AnyEvent[]): void;
  /**
   * Numbers the token events of an attach reply: from 0 if the reply starts at the beginning, else
   * after the last one delivered. Live events of a run that is new to this page continue from there.
   */
  number(events: readonly AnyEvent[], afterSeq: number): AnyEvent[];
  /** Holds a run's events until `release`: older ones are being fetched, or its id is unknown. */
  hold(inferenceId: string): void;
  /** Delivers the fetched events, then those held back. */
  release(inferenceId: string, fetched?: readonly AnyEvent[]): void;
  /** The runs that have not ended, each with the last `seq` received. */
  readonly live: ReadonlyMap<string, number>;
  /** Registers a run that is known to exist, before its first event. */
  follow(inferenceId: string, lastSeq: number): void;
  forget(inferenceId: string): void;
}

export function createEventRouter(): EventRouter {
  const byChannel = new Map<string, Set<Listener<AnyEvent>>>();
  const byInference = new Map<string | undefined, Set<Listener<readonly AnyEvent[]>>>();
  const buffers = new Map<string, { depth: number; events: AnyEvent[] }>();
  const live = new Map<string, number>();
  /** The `index` of the next token event, by run. */
  const indexes = new Map<string, number>();

  function notify<T>(listeners: Set<Listener<T>> | undefined, value: T): void {
    if (listeners === undefined) return;
    for (const listener of [...listeners]) {
      try {
        listener(value);
      } catch (error) {
        reportError(error); // the other listeners are still called
      }
    }
  }

  function updateLive(event: AnyEvent): void {
    if (event.channel === "llm:done" || event.channel === "llm:error") {
      live.delete(event.inferenceId);
    } else {
      follow(event.inferenceId, lastSeqOf(event));
    }
  }

  function follow(inferenceId: string, lastSeq: number): void {
    live.set(inferenceId, Math.max(live.get(inferenceId) ?? -1, lastSeq));
  }

  /** The event as listeners receive it: `index` counts token events, not the parts joined in them. */
  function withIndex(event: AnyEvent): AnyEvent {
    if (event.channel === "llm:token") {
      const index = indexes.get(event.inferenceId) ?? 0;
      indexes.set(event.inferenceId, index + 1);
      return event.index === index ? event : { ...event, index };
    }
    if (event.channel === "llm:done" || event.channel === "llm:error") {
      indexes.delete(event.inferenceId);
    }
    return event;
  }

  function dispatch(events: readonly AnyEvent[]): void {
    const deliverable: AnyEvent[] = [];
    const batches = new Map<string, AnyEvent[]>();
    for (const received of events) {
      updateLive(received);
      const buffer = buffers.get(received.inferenceId);
      if (buffer !== undefined) {
        buffer.events.push(received);
        continue;
      }
      const event = withIndex(received);
      deliverable.push(event);
      if (byInference.has(event.inferenceId)) {
        const batch = batches.get(event.inferenceId);
        if (batch === undefined) batches.set(event.inferenceId, [event]);
        else batch.push(event);
      }
    }
    if (deliverable.length === 0) return;
    for (const event of deliverable) notify(byChannel.get(event.channel), event);
    for (const [id, batch] of batches) notify(byInference.get(id), batch);
    notify(byInference.get(undefined), deliverable);
  }

  return {
    live,
    dispatch,
    number(events, afterSeq) {
      const id = events[0]?.inferenceId ?? "";
      const known = indexes.get(id);
      let index = afterSeq < 0 ? 0 : (known ?? 0);
      const numbered = events.map((event) =>
        event.channel === "llm:token" ? { ...event, index: index++ } : event,
      );
      if (known === undefined && index > 0 && live.has(id)) indexes.set(id, index);
      return numbered;
    },
    on(channel, listener) {
      // A new function for every subscription, because the same callback may subscribe twice.
      return join(byChannel, channel, (event: AnyEvent) =>
        listener(event as EventOf<typeof channel>),
      );
    },
    onEvents(listener, inferenceId) {
      return join(byInference, inferenceId, (events: readonly AnyEvent[]) => listener(events));
    },
    hold(inferenceId) {
      const buffer = buffers.get(inferenceId);
      if (buffer === undefined) buffers.set(inferenceId, { depth: 1, events: [] });
      else buffer.depth += 1;
    },
    release(inferenceId, fetched = []) {
      const buffer = buffers.get(inferenceId);
      if (buffer === undefined) return;
      buffer.events.unshift(...fetched);
      buffer.depth -= 1;
      if (buffer.depth > 0) return;
      buffers.delete(inferenceId);
      dispatch(buffer.events);
    },
    follow,
    forget(inferenceId) {
      live.delete(inferenceId);
      indexes.delete(inferenceId);
    },
  };
}

/** Whether an item of a push is an event that this page knows. */
export function isEvent(item: object): item is AnyEvent {
  return (
    "channel" in item &&
    Object.hasOwn(CHANNELS, item.channel as string) &&
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
