/** The fake transport: a host in the page, with simulated connection failures. */
import type { AnyEvent, AnyTopic, Batch, ErrorReply, OkReply } from "../contract";
import { failureToSend } from "../programFake";
import type { Peer, Transport } from "../transports/transport";
import { createFakeHost, type FakeHost } from "./host";
import type { FakeRun } from "./run";
import { DEFAULTS, type FakeSettings, randomOf } from "./settings";

export { settingsOf } from "./settings";

const FLUSH_MS = 8;

/** The transport with controls for tests beyond the settings. */
export interface FakeTransport extends Transport {
  readonly host: FakeHost;
  /** Disconnects now; reconnects after `away` milliseconds. */
  disconnect(): void;
}

export function createFakeTransport(overrides: Partial<FakeSettings> = {}): FakeTransport {
  const settings = { ...DEFAULTS, ...overrides };
  const random = randomOf(settings.seed);
  const cursors = new Map<FakeRun, number>();
  const replies: (OkReply | ErrorReply)[] = [];
  /** The latest value of each topic, and the topics not yet pushed to the page. */
  const topics = new Map<string, AnyTopic>();
  const unsentTopics = new Set<string>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let peer: Peer | undefined;
  let pageLoad: string | null = null;
  let number = 0;
  let connected = false;
  let flushing = false;

  const host = createFakeHost(settings, scheduleFlush, follow, publish);

  function follow(run: FakeRun, after: number): void {
    cursors.set(run, after);
    if (run.events.length - 1 > after) scheduleFlush();
  }

  function publish(topic: AnyTopic): void {
    const id = `${topic.name}/${topic.key}`;
    topics.set(id, topic);
    unsentTopics.add(id);
    scheduleFlush();
  }

  function schedule(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, ms);
    timers.add(timer);
  }

  function scheduleFlush(): void {
    if (flushing) return;
    flushing = true;
    schedule(replies.length > 0 ? 0 : FLUSH_MS, flush);
  }

  function flush(): void {
    flushing = false;
    if (!connected || pageLoad === null) return;
    const pendingReplies = replies.splice(0);
    let events = gather();
    if (random() < settings.drop) events = [];
    if (random() < settings.reorder) events.sort(() => random() - 0.5);
    const repeated = random() < settings.double ? events : [];
    const changedTopics = [...topics]
      .filter(([id]) => unsentTopics.has(id))
      .map(([, topic]) => topic);
    unsentTopics.clear();
    push([...changedTopics, ...pendingReplies, ...events]);
    push(repeated);
  }

  function push(items: readonly (AnyEvent | AnyTopic | OkReply | ErrorReply)[]): void {
    if (items.length === 0 || pageLoad === null) return;
    number += 1;
    // Copied, so that the page gets its own values, as over a real connection.
    peer?.receive(pageLoad, number, JSON.parse(JSON.stringify(items)));
  }

  /** All events after the cursors. Adjacent text is joined, unless events are to be reordered. */
  function gather(): AnyEvent[] {
    const events: AnyEvent[] = [];
    for (const [run, after] of cursors) {
      const fresh = run.events.slice(after + 1);
      events.push(...(settings.reorder > 0 ? fresh : joinEvents(fresh)));
      cursors.set(run, run.events.length - 1);
      if (!run.live) cursors.delete(run);
    }
    return events;
  }

  function onHello(batch: Batch): boolean {
    const resumed = batch.load === pageLoad;
    if (!resumed) {
      pageLoad = batch.load;
      cursors.clear();
      replies.length = 0;
      const last = (batch.calls[0]?.params as { lastPush?: number } | null)?.lastPush;
      number = last ?? 0;
    }
    for (const id of topics.keys()) unsentTopics.add(id);
    if (settings.disconnect > 0) schedule(settings.disconnect, disconnect);
    return resumed;
  }

  function disconnect(): void {
    if (!connected) return;
    connected = false;
    if (settings.memory !== "load") pageLoad = null;
    if (settings.memory === "none") host.forget();
    peer?.lost("The connection to the program was lost");
    schedule(settings.away, connect);
  }

  function connect(): void {
    connected = true;
    peer?.connected();
  }

  return {
    kind: "fake",
    host,
    disconnect,
    open(self) {
      peer = self;
      if (!settings.silent) schedule(0, connect);
    },
    post(text) {
      if (!connected) throw new Error("not connected");
      const batch = JSON.parse(text) as Batch;
      const resumed = batch.calls[0]?.method === "shell.hello" && onHello(batch);
      for (const { id, method, params } of batch.calls) {
        try {
          const hello = method === "shell.hello";
          const value = hello ? host.hello(resumed) : host.call(method, params);
          replies.push({ channel: "reply", id, ok: true, value: value as OkReply["value"] });
        } catch (error) {
          replies.push({ channel: "reply", id, ok: false, error: failureToSend(error) });
        }
      }
      scheduleFlush();
    },
    close() {
      connected = false;
      for (const timer of timers) clearTimeout(timer);
      host.forget();
    },
  };
}

/** Joins adjacent text of one kind into one event, as a push of the real host does. */
function joinEvents(events: readonly AnyEvent[]): AnyEvent[] {
  const result: AnyEvent[] = [];
  for (const event of events) {
    const last = result.at(-1);
    if (last?.channel === "llm:token" && event.channel === "llm:token") {
      const count = last.count + event.count;
      result[result.length - 1] = { ...last, token: last.token + event.token, count };
    } else if (last?.channel === "llm:reasoning" && event.channel === "llm:reasoning") {
      const count = last.count + event.count;
      result[result.length - 1] = { ...last, text: last.text + event.text, count };
    } else {
      result.push(event);
    }
  }
  return result;
}
