/** The page's side of the door: the handshake, pushes in order, and reconnection. */

import { createStore } from "../lib/store";
import {
  type AnyEvent,
  type AttachReply,
  type AttachRequest,
  type Client,
  CONTRACT_VERSION,
  client,
  type ErrorReply,
  type HelloReply,
  type Invoke,
  type OkReply,
} from "./contract";
import { createEventRouter, type EventRouter, isEvent, lastSeqOf } from "./eventRouter";
import { failureOf, type HostError, hostLost } from "./hostError";
import { createRpc, type Deadline, type Rpc } from "./rpc";
import { createTopics, isTopic, type Topics } from "./topics";
import type { Transport } from "./transports/transport";

/** How long a page waits for a host before it reports that there is none. */
const PATIENCE_MS = 10_000;

export type Connection =
  | { readonly phase: "connecting" | "ready"; readonly reason: null }
  | { readonly phase: "reconnecting" | "lost" | "refused"; readonly reason: string };

export interface ReplayedEvents {
  readonly events: AnyEvent[];
  readonly live: boolean;
}

export interface Bridge {
  readonly kind: Transport["kind"];
  readonly client: Client;
  /** Calls any method of the host by name; an app may have methods that `client` lacks. */
  readonly call: Invoke;
  readonly router: EventRouter;
  readonly topics: Topics;
  /** The host's reply to hello; null before the first one. */
  host(): HelloReply | null;
  connection(): Connection;
  onConnection(listener: () => void): () => void;
  /** Resolves when the host answers; pending again while the connection is lost. */
  ready(): Promise<void>;
  /** Returns all events of a run after a `seq` at once. Later events follow the reply. */
  attach(request: AttachRequest): Promise<ReplayedEvents>;
  close(): void;
}

export function createBridge(
  transport: Transport,
  load: string = crypto.randomUUID(),
  deadline?: Deadline,
): Bridge {
  const calls: Rpc = createRpc(load, (text) => transport.post(text), deadline);
  const router = createEventRouter();
  const topics = createTopics();
  const host = client((method, params) => calls.call(method, params));
  const handshake = client((method, params) => calls.callNow(method, params));
  const connection = createStore<Connection>({ phase: "connecting", reason: null });
  let hello: HelloReply | null = null;
  let lastPush = 0;
  let helloCount = 0;
  let lostTimer: ReturnType<typeof setTimeout> | undefined;
  let readiness = deferred();

  function startLostTimer(): void {
    clearTimeout(lostTimer);
    lostTimer = setTimeout(() => {
      const reason = connection.get().reason ?? "The program does not answer";
      calls.giveUp(reason);
      if (hello === null) readiness.reject(hostLost(reason));
      connection.set({ phase: "lost", reason });
    }, PATIENCE_MS);
  }

  async function sendHello(): Promise<void> {
    const helloNumber = ++helloCount;
    try {
      const reply = await handshake.shell.hello({ version: CONTRACT_VERSION, lastPush });
      if (helloNumber !== helloCount) return;
      const isReturning = hello !== null;
      hello = reply;
      clearTimeout(lostTimer);
      calls.open();
      if (isReturning && !reply.resumed) for (const [id, seq] of router.live) void catchUp(id, seq);
      readiness.resolve();
      readiness = deferred(); // the first promise may have been rejected before
      readiness.resolve();
      connection.set({ phase: "ready", reason: null });
    } catch (error) {
      const failure = failureOf(error);
      if (helloNumber === helloCount && failure.code !== "HOST_LOST") onRefused(failure.message);
    }
  }

  /** Fetches a live run's missed events from a host that forgot this page load, or ends the run. */
  async function catchUp(inferenceId: string, seq: number): Promise<void> {
    router.hold(inferenceId);
    let events: readonly AnyEvent[] = [];
    try {
      events = (await fetchAll({ inferenceId, afterSeq: seq })).events;
    } catch (error) {
      const failure = failureOf(error);
      // If the host is lost again, the next hello fetches them. Any other failure ends the run.
      if (failure.code !== "HOST_LOST") events = [hostLostEvent(inferenceId, seq + 1)];
    } finally {
      router.release(inferenceId, events);
    }
  }

  async function fetchAll(request: AttachRequest): Promise<ReplayedEvents> {
    const events: AnyEvent[] = [];
    let afterSeq = request.afterSeq ?? -1;
    for (;;) {
      const reply: AttachReply = await host.llm.attach({ ...request, afterSeq });
      events.push(...reply.events);
      const last = events.at(-1);
      if (last !== undefined) afterSeq = lastSeqOf(last);
      if (!reply.more || reply.events.length === 0) return { events, live: reply.live };
    }
  }

  function onRefused(reason: string): void {
    clearTimeout(lostTimer);
    helloCount += 1;
    calls.giveUp(reason);
    readiness.reject(hostLost(reason));
    connection.set({ phase: "refused", reason });
    transport.close();
  }

  function onPush(items: readonly unknown[]): void {
    let events: AnyEvent[] = [];
    for (const item of items) {
      if (typeof item !== "object" || item === null) continue;
      if (isEvent(item)) {
        events.push(item);
      } else if (isReply(item)) {
        router.dispatch(events);
        events = [];
        calls.onReply(item);
      } else if (isTopic(item)) {
        router.dispatch(events);
        events = [];
        topics.take(item);
      }
    }
    router.dispatch(events);
  }

  startLostTimer();
  transport.open({
    load,
    connected: () => void sendHello(),
    receive(forLoad, number, items) {
      if (forLoad !== load || !Number.isSafeInteger(number)) return null;
      if (number > lastPush) {
        lastPush = number;
        if (Array.isArray(items)) onPush(items);
      }
      return [load, number];
    },
    lost(reason) {
      if (connection.get().phase === "refused") return;
      helloCount += 1;
      calls.suspend(reason);
      if (connection.get().phase !== "ready") return;
      readiness = deferred();
      topics.clear();
      connection.set({ phase: "reconnecting", reason });
      startLostTimer();
    },
    refused: onRefused,
  });

  return {
    kind: transport.kind,
    client: host,
    call: calls.call,
    router,
    topics,
    host: () => hello,
    connection: connection.get,
    onConnection: connection.subscribe,
    ready: () => readiness.promise,
    async attach(request) {
      router.hold(request.inferenceId);
      try {
        const { events, live } = await fetchAll(request);
        const last = events.at(-1);
        const after = request.afterSeq ?? -1;
        if (live) router.follow(request.inferenceId, last ? lastSeqOf(last) : after);
        else router.forget(request.inferenceId);
        return { events: router.number(events, after), live };
      } finally {
        // After the caller has seen the reply, so that events received meanwhile follow it.
        afterMicrotasks(() => router.release(request.inferenceId));
      }
    },
    close() {
      clearTimeout(lostTimer);
      helloCount += 1;
      calls.giveUp("The bridge was closed");
      transport.close();
    },
  };
}

function isReply(item: object): item is OkReply | ErrorReply {
  return "channel" in item && item.channel === "reply" && "id" in item && "ok" in item;
}

/** The final event of a run for a page whose host was restarted. */
function hostLostEvent(inferenceId: string, seq: number): AnyEvent {
  return {
    channel: "llm:error",
    inferenceId,
    seq,
    ms: 0,
    error: "The host was started again and no longer has this answer",
    code: "HOST_LOST",
    retryable: true,
    retryAfterMs: null,
  };
}

function deferred() {
  let resolve = (): void => {};
  let reject = (_: HostError): void => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => {}); // callers get the rejection; without callers it is not an error
  return { promise, resolve, reject };
}

/**
 * Runs after the microtasks of this turn, also in a hidden page, where timers are slow. By then, all
 * code that awaited a settled promise, through any number of async functions, has continued.
 */
export function afterMicrotasks(run: () => void): void {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    run();
  };
  port2.postMessage(null);
}
