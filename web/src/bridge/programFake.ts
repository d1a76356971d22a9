/** A program in the page itself: `?bridge=fake` for pages of other programs. */
import { type AnyEvent, type Batch, CONTRACT_VERSION, type Failure } from "./contract";
import { failureOf } from "./hostError";
import type { Peer, Transport } from "./transports/transport";

/** The id of a stream, typed by its items. */
export type StreamId<T> = string & { readonly item?: T };

type Handler<F> = F extends (...params: infer P) => Promise<infer R>
  ? (...params: P) => Answer<R> | Promise<Answer<R>>
  : never;
/** The result of a method; a method with a stream may be a generator. */
type Answer<R> = R extends StreamId<infer T> ? (unknown extends T ? R : AsyncIterable<T>) : R;

/** The side of the program for a generated client. */
export type HandlersOf<C> = {
  readonly [N in keyof C]: { readonly [M in keyof C[N]]: Handler<C[N][M]> };
};

type Methods = Readonly<Record<string, Readonly<Record<string, (params: unknown) => unknown>>>>;

export function createProgramFake(handlers: object): Transport {
  const streams = new Map<string, { events: AnyEvent[]; stopped: boolean }>();
  let peer: Peer | undefined;
  let load = "";
  let pushes = 0;

  function push(items: readonly unknown[]): void {
    pushes += 1;
    peer?.receive(load, pushes, JSON.parse(JSON.stringify(items)));
  }

  async function play(id: string, items: AsyncIterable<unknown>): Promise<void> {
    const stream = { events: [] as AnyEvent[], stopped: false };
    streams.set(id, stream);
    const startMs = performance.now();
    const add = (fields: object): void => {
      const ms = Math.round(performance.now() - startMs);
      const event = { inferenceId: id, seq: stream.events.length, ms, ...fields } as AnyEvent;
      stream.events.push(event);
      push([event]);
    };
    try {
      for await (const item of items) {
        if (stream.stopped) break;
        const token = typeof item === "string" ? item : `${JSON.stringify(item)}\n`;
        add({ channel: "llm:token", token, index: stream.events.length, count: 1 });
      }
      add({ ...DONE, cancelled: stream.stopped });
    } catch (error) {
      const failure = failureOf(error);
      add({ ...failure, channel: "llm:error", error: failure.message });
    }
  }

  async function answer(method: string, params: unknown): Promise<unknown> {
    const stream = streams.get((params as { inferenceId?: string } | null)?.inferenceId ?? "");
    if (method === "shell.hello") return HELLO;
    if (method === "llm.attach" && stream !== undefined) {
      const { afterSeq = -1 } = params as { afterSeq?: number };
      return { events: stream.events.slice(afterSeq + 1), live: true, more: false };
    }
    if (method === "llm.cancel") {
      const target = streams.get(params as string);
      if (target !== undefined) target.stopped = true;
      return target !== undefined;
    }
    const handler = handlerOf(handlers, method);
    if (handler === undefined) throw { ...NOT_FOUND, message: `There is no method '${method}'` };
    const result = await handler(params);
    if (typeof result !== "object" || result === null || !(Symbol.asyncIterator in result)) {
      return result ?? null;
    }
    const id = `inf-${crypto.randomUUID()}`;
    void play(id, result as AsyncIterable<unknown>);
    return id;
  }

  return {
    kind: "fake",
    open(self) {
      peer = self;
      setTimeout(() => self.connected());
    },
    post(text) {
      const batch: Batch = JSON.parse(text);
      load = batch.load;
      for (const { id, method, params } of batch.calls) {
        answer(method, params).then(
          (value) => push([{ channel: "reply", id, ok: true, value }]),
          (error: unknown) =>
            push([{ channel: "reply", id, ok: false, error: failureToSend(error) }]),
        );
      }
    },
    close() {},
  };
}

/** A call is JSON, typed only by the page's client. */
export function handlerOf(handlers: object, method: string) {
  const [namespace = "", name = ""] = method
    .replace(/_[a-z]/g, (letter) => letter.charAt(1).toUpperCase())
    .split(".");
  return (handlers as Methods)[namespace]?.[name];
}

/** Copies the failure with its message, which spreading an Error omits. */
export function failureToSend(error: unknown): Failure {
  const failure = failureOf(error);
  return { ...failure, message: failure.message };
}

export const HELLO = {
  version: CONTRACT_VERSION,
  appVersion: "fake",
  windowId: "fake",
  platform: "fake",
  defaults: { providerId: "none", modelId: "none" },
  resumed: false,
};
const NOT_FOUND = { code: "NOT_FOUND", retryable: false, retryAfterMs: null, issues: null };
const DONE = {
  channel: "llm:done",
  totalTokens: 0,
  usage: { inputTokens: 0, outputTokens: 0, reasoningTokens: 0, estimated: true },
  finishReason: "stop",
  timing: { firstTokenMs: null, totalMs: 0 },
};
