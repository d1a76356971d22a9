/** Batched per microtask, replies matched, every promise settled. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Batch } from "../src/bridge/contract";
import { HostError } from "../src/bridge/hostError";
import { createRpc, DEADLINES_MS, programDeadlineOf, type Rpc } from "../src/bridge/rpc";

const CONTRACT = readFileSync(resolve(import.meta.dirname, "../src/bridge/contract.ts"), "utf8");

let posts: Batch[];
let calls: Rpc;
let broken: boolean;

// In every test: a timer of an earlier one would fire in the next, where a slow machine gets to it.
beforeEach(() => {
  vi.useFakeTimers();
  posts = [];
  broken = false;
  calls = createRpc("load-0001", (text) => {
    if (broken) throw new Error("broken");
    posts.push(JSON.parse(text));
  });
});

afterEach(() => vi.useRealTimers());

const ok = (id: number, value: unknown) =>
  calls.onReply({ channel: "reply", id, ok: true, value: value as never });

async function failureOf(promise: Promise<unknown>): Promise<HostError> {
  const thrown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(thrown instanceof HostError)) throw new Error(`not refused: ${thrown}`);
  return thrown;
}

describe("batches", () => {
  it("sends what was asked in one microtask as one batch, in order", async () => {
    calls.open();
    void calls.call("a", 1);
    void calls.call("b");
    await Promise.resolve();
    void calls.call("c");
    await Promise.resolve();
    expect(posts.map((batch) => batch.calls.map((call) => call.method))).toEqual([
      ["a", "b"],
      ["c"],
    ]);
    expect(posts[0]).toMatchObject({ version: 1, load: "load-0001" });
    expect(posts[0]?.calls[0]).toEqual({ id: 1, method: "a", params: 1 });
    expect(posts[0]?.calls[1]).toEqual({ id: 2, method: "b" });
  });

  it("splits at a thousand calls", async () => {
    calls.open();
    for (let index = 0; index < 2_500; index += 1) void calls.call("x");
    await Promise.resolve();
    expect(posts.map((batch) => batch.calls.length)).toEqual([1_000, 1_000, 500]);
  });

  it("splits before a batch is larger than the host takes", async () => {
    calls.open();
    const big = "x".repeat(12_000_000);
    for (let index = 0; index < 5; index += 1) void calls.call("x", big);
    await Promise.resolve();
    expect(posts.map((batch) => batch.calls.length)).toEqual([2, 2, 1]);
  });
});

describe("replies", () => {
  it("are matched by number, in whatever order they come", async () => {
    calls.open();
    const first = calls.call("a");
    const second = calls.call("b");
    await Promise.resolve();
    ok(2, "two");
    ok(1, "one");
    expect(await Promise.all([first, second])).toEqual(["one", "two"]);
  });

  // shows: B2, D61
  it("reject with everything that the host said", async () => {
    calls.open();
    const refused = calls.call("a");
    await Promise.resolve();
    calls.onReply({
      channel: "reply",
      id: 1,
      ok: false,
      error: {
        code: "LIMIT",
        message: "Maximum concurrent inferences limit reached (5)",
        retryable: true,
        retryAfterMs: 1_000,
        issues: [{ path: "a", message: "b" }],
        details: { limit: 5, current: 5 },
      },
    });
    const error = await failureOf(refused);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({
      code: "LIMIT",
      message: "Maximum concurrent inferences limit reached (5)",
      retryable: true,
      retryAfterMs: 1_000,
      issues: [{ path: "a", message: "b" }],
      details: { limit: 5, current: 5 },
    });
  });

  it("for unknown calls are ignored", () => {
    expect(() => ok(99, null)).not.toThrow();
  });
});

describe("a host that is not there", () => {
  it("is waited for, and then told everything", async () => {
    const early = calls.call("a");
    await Promise.resolve();
    expect(posts).toEqual([]);
    calls.open();
    ok(1, "there");
    expect(await early).toBe("there");
  });

  it("loses what was sent, and is told what came later", async () => {
    calls.open();
    const sent = calls.call("a");
    await Promise.resolve();
    calls.suspend("gone");
    expect(await failureOf(sent)).toMatchObject({ code: "HOST_LOST", retryable: true });
    const later = calls.call("b");
    await Promise.resolve();
    expect(posts).toHaveLength(1);
    calls.open();
    ok(2, "back");
    expect(await later).toBe("back");
  });

  it("is not waited for any more once it was given up", async () => {
    const early = calls.call("a");
    calls.giveUp("no host");
    expect((await failureOf(early)).code).toBe("HOST_LOST");
    calls.suspend("again");
    expect((await failureOf(calls.call("b"))).code).toBe("HOST_LOST");
    calls.open();
    const late = calls.call("c");
    await Promise.resolve();
    ok(3, "after all");
    expect(await late).toBe("after all");
  });

  it("rejects what could not be posted", async () => {
    calls.open();
    broken = true;
    expect((await failureOf(calls.call("a"))).code).toBe("HOST_LOST");
  });

  it("rejects what was never answered", async () => {
    calls.open();
    const lost = failureOf(calls.call("llm.nothing"));
    await vi.advanceTimersByTimeAsync(70_000);
    expect(await lost).toMatchObject({ code: "HOST_LOST" });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a call that takes long", () => {
  it.each<[string, number]>([
    ["providers.test", 290_000],
    ["conversations.backup", 3_600_000],
    ["mcp.sign_in", 300_000],
    // The host installs a server or the packages of a tool file in 300 s, and then starts it.
    ["mcp.prompt", 360_000],
    ["mcp.read_resource", 360_000],
    ["tools.list", 360_000],
    ["tools.enable", 360_000],
    ["tools.set_flags", 360_000],
    ["tools.grants", 360_000],
    ["conversations.send", 360_000],
    ["conversations.edit", 360_000],
    ["conversations.regenerate", 360_000],
    ["conversations.continue_answer", 360_000],
    ["conversations.decide", 360_000],
    ["wire.preview", 360_000],
    ["llm.inference", 360_000],
    ["llm.run_session", 360_000],
  ])("is waited for: %s", async (method, ms) => {
    calls.open();
    const long = calls.call(method);
    const lost = failureOf(calls.call("llm.nothing"));
    await vi.advanceTimersByTimeAsync(ms);
    expect(await lost).toMatchObject({ code: "HOST_LOST" });
    ok(1, "done");
    expect(await long).toBe("done");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("is waited for if it is a method of a program's own", async () => {
    calls = createRpc("load", (text) => void posts.push(JSON.parse(text)), programDeadlineOf);
    calls.open();
    const own = calls.call("notes.ask_a_person");
    const lost = failureOf(calls.call("llm.nothing"));
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(await lost).toMatchObject({ code: "HOST_LOST" });
    ok(1, "yes");
    expect(await own).toBe("yes");
  });

  it.each(Object.keys(DEADLINES_MS))("is one of the contract: %s", (method) => {
    expect(CONTRACT).toContain(`("${method}"`);
  });

  it("ends with the connection", async () => {
    calls.open();
    const long = failureOf(calls.call("conversations.restore"));
    await Promise.resolve();
    calls.suspend("gone");
    expect(await long).toMatchObject({ code: "HOST_LOST" });
  });
});

describe("values that JSON lacks", () => {
  // shows: D51
  it("NaN and Infinity reach the host as something that it refuses", async () => {
    calls.open();
    void calls.call("a", { temperature: Number.NaN, maxTokens: Number.POSITIVE_INFINITY });
    await Promise.resolve();
    expect(posts[0]?.calls[0]?.params).toEqual({ temperature: "NaN", maxTokens: "Infinity" });
  });

  it("deeper inside they are refused here", async () => {
    calls.open();
    const refused = calls.call("a", { metadata: { x: Number.NaN } });
    expect((await failureOf(refused)).code).toBe("VALIDATION");
  });

  it("rings and big integers are refused, not thrown", async () => {
    const ring: Record<string, unknown> = {};
    ring.self = ring;
    for (const params of [ring, 10n]) {
      expect((await failureOf(calls.call("a", params))).code).toBe("VALIDATION");
    }
  });
});
