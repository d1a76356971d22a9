/** Test doubles: a transport that is controlled by hand, and a page over the fake host. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { act } from "@testing-library/react";
import { vi } from "vitest";
import { type Bridge, createBridge } from "../src/bridge/bridge";
import type { AnyEvent, Batch, Call, Failure } from "../src/bridge/contract";
import type { FakeSettings } from "../src/bridge/fake/settings";
import { createFakeTransport, type FakeTransport } from "../src/bridge/fake/transport";
import { createLlm, type Llm } from "../src/bridge/llmApi";
import type { Peer, Transport } from "../src/bridge/transports/transport";

export const LOAD = "load-0001";

/** A transport whose other end is the test. */
export interface ManualTransport extends Transport {
  readonly posts: Batch[];
  readonly peer: Peer;
  /** The calls of all batches, the hello left out. */
  calls(): Call[];
  /** Push these items as the next push; returns the page's answer. */
  push(...items: unknown[]): readonly [string, number] | null;
  reply(call: Call | undefined, value: unknown): void;
  refuse(call: Call | undefined, failure: Partial<Failure>): void;
  /** Answer the last hello. */
  welcome(resumed?: boolean): Promise<void>;
  broken: boolean;
}

export function manualTransport(): ManualTransport {
  let peer: Peer | undefined;
  let number = 0;
  const posts: Batch[] = [];
  const all = () => posts.flatMap((batch) => batch.calls);
  const known = (call: Call | undefined): Call => {
    if (call === undefined) throw new Error("there was no such call");
    return call;
  };
  return {
    kind: "loopback",
    posts,
    broken: false,
    get peer() {
      if (peer === undefined) throw new Error("not opened");
      return peer;
    },
    open(self) {
      peer = self;
    },
    post(text) {
      if (this.broken) throw new Error("broken");
      posts.push(JSON.parse(text));
    },
    close() {},
    calls: () => all().filter((call) => call.method !== "shell.hello"),
    push(...items) {
      number += 1;
      return this.peer.receive(LOAD, number, items);
    },
    reply(call, value) {
      this.push({ channel: "reply", id: known(call).id, ok: true, value });
    },
    refuse(call, failure) {
      const error = { ...refusal, ...failure };
      this.push({ channel: "reply", id: known(call).id, ok: false, error });
    },
    async welcome(resumed = false) {
      const hello = all().findLast((call) => call.method === "shell.hello");
      this.reply(hello, { ...host, resumed });
      await settled();
    },
  };
}

const host = {
  version: 1,
  appVersion: "0",
  windowId: "w",
  platform: "test",
  defaults: { providerId: "local", modelId: "small" },
};

const refusal: Failure = {
  code: "UNKNOWN_ERROR",
  message: "no",
  retryable: false,
  retryAfterMs: null,
  issues: null,
  details: null,
};

export interface ManualPage {
  readonly transport: ManualTransport;
  readonly bridge: Bridge;
  readonly llm: Llm;
}

/** A page whose host has not said anything. */
export function strangePage(): ManualPage {
  const transport = manualTransport();
  const bridge = createBridge(transport, LOAD);
  return { transport, bridge, llm: createLlm(bridge) };
}

/** A page whose host has said hello. */
export async function manualPage(): Promise<ManualPage> {
  const page = strangePage();
  page.transport.peer.connected();
  await page.transport.welcome();
  return page;
}

export interface FakePage {
  readonly transport: FakeTransport;
  readonly bridge: Bridge;
  readonly llm: Llm;
}

/** A page over the fake host, on a clock that the test turns. */
export async function fakePage(settings: Partial<FakeSettings> = {}): Promise<FakePage> {
  vi.useFakeTimers();
  // Testing Library turns a fake clock only where it finds one of this name.
  vi.stubGlobal("jest", { advanceTimersByTime: vi.advanceTimersByTime });
  const transport = createFakeTransport({ answer: "echo", ...settings });
  const bridge = createBridge(transport, LOAD);
  const page = { transport, bridge, llm: createLlm(bridge) };
  await turn(100);
  return page;
}

/**
 * Advances the clock, with React and the page's tasks between its turns. Lazily loaded parts are
 * there afterwards. Reading, hashing and compressing take real time: wait for them with `until`.
 */
export async function turn(ms: number): Promise<void> {
  await act(async () => {
    await vi.dynamicImportSettled();
    for (let remainingMs = ms; remainingMs > 0; remainingMs -= 20) {
      await vi.advanceTimersByTimeAsync(Math.min(remainingMs, 20));
      await messages();
    }
    await vi.dynamicImportSettled();
  });
}

/** The real clock, also under a fake one. */
const { setTimeout: later, clearTimeout: forget } = globalThis;
const PATIENCE_MS = 30_000;

/** Returns the result of `attempt` once it no longer throws, while both clocks go on. */
export async function until<T>(attempt: () => T | Promise<T>): Promise<T> {
  let isLate = false;
  const limit = later(() => {
    isLate = true;
  }, PATIENCE_MS);
  try {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (isLate) throw error;
      }
      await (vi.isFakeTimers()
        ? turn(20)
        : act(async () => void (await vi.dynamicImportSettled())));
    }
  } finally {
    forget(limit);
  }
}

/** Runs all tasks that wait for the end of this turn of the event loop. */
export async function settled(): Promise<void> {
  await act(async () => {
    await messages();
    await messages();
  });
}

/** Resolves after the messages that are under way already. */
function messages(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

const STREAMS = join(import.meta.dirname, "../../tests/streams");

export interface Expected {
  readonly status: string;
  readonly response: string;
  readonly reasoning: string;
  readonly finishReason: string | null;
  readonly code: string | null;
  readonly next: number;
}

export const expectations = (): Record<string, Expected> =>
  JSON.parse(readFileSync(join(STREAMS, "expected.json"), "utf8"));

/** A golden stream; its run may be given another id. */
export function stream(name: string, inferenceId = `inf-${name}`): AnyEvent[] {
  const lines = readFileSync(join(STREAMS, `${name}.jsonl`), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => ({ ...(JSON.parse(line) as AnyEvent), inferenceId }));
}

export const tokenEvent = (inferenceId: string, seq: number, token: string): AnyEvent => ({
  channel: "llm:token",
  inferenceId,
  seq,
  ms: seq,
  token,
  index: seq,
  count: 1,
});

export const end = (inferenceId: string, seq: number, cancelled = false): AnyEvent => ({
  channel: "llm:done",
  inferenceId,
  seq,
  ms: seq,
  totalTokens: seq,
  usage: {
    inputTokens: 1,
    outputTokens: seq,
    reasoningTokens: 0,
    cachedTokens: 0,
    estimated: false,
    cost: null,
  },
  ...(!cancelled && { finishReason: "stop" }),
  cancelled,
  timing: { firstTokenMs: 0, totalMs: seq },
});

export const fail = (inferenceId: string, seq: number, code = "SERVER_ERROR"): AnyEvent =>
  ({
    channel: "llm:error",
    inferenceId,
    seq,
    ms: seq,
    error: "It broke",
    code,
    retryable: true,
    retryAfterMs: null,
  }) as AnyEvent;
