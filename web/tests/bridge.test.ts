/** The bridge: handshake, pushes in order, listeners, disconnection and reconnection. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { createBridge } from "../src/bridge/bridge";
import type { AnyEvent } from "../src/bridge/contract";
import { createShell, installApis } from "../src/bridge/llmApi";
import { end, fail, LOAD, manualPage, manualTransport, settled, tokenEvent } from "./support";

afterEach(() => vi.useRealTimers());

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

describe("the handshake", () => {
  // shows: D62, D66
  it("says hello first, alone, and everything else only after the answer", async () => {
    const transport = manualTransport();
    const bridge = createBridge(transport, LOAD);
    const status = bridge.client.llm.getStatus();
    await settled();
    expect(transport.posts).toEqual([]);
    transport.peer.connected();
    expect(transport.posts).toEqual([
      {
        version: 1,
        load: LOAD,
        calls: [{ id: 2, method: "shell.hello", params: { version: 1, lastPush: 0 } }],
      },
    ]);
    const ready = vi.fn();
    void bridge.ready().then(ready);
    await settled();
    expect(ready).not.toHaveBeenCalled();
    await transport.welcome();
    expect(ready).toHaveBeenCalled();
    expect(bridge.connection().phase).toBe("ready");
    expect(bridge.host()?.defaults.providerId).toBe("local");
    transport.reply(transport.calls()[0], { totalSessions: 3 });
    expect(await status).toEqual({ totalSessions: 3 });
  });

  it("gives up after ten seconds, and takes a host that comes later", async () => {
    vi.useFakeTimers();
    const transport = manualTransport();
    const bridge = createBridge(transport, LOAD);
    const lost = bridge.ready().catch(codeOf);
    const call = bridge.client.llm.list().catch(codeOf);
    await vi.advanceTimersByTimeAsync(9_900);
    expect(bridge.connection().phase).toBe("connecting");
    await vi.advanceTimersByTimeAsync(200);
    expect(await lost).toBe("HOST_LOST");
    expect(await call).toBe("HOST_LOST");
    expect(bridge.connection().phase).toBe("lost");
    vi.useRealTimers();
    transport.peer.connected();
    await transport.welcome();
    expect(bridge.connection()).toEqual({ phase: "ready", reason: null });
    await bridge.ready();
  });

  // shows: D66
  it("stops when the host speaks another contract, and says what it said", async () => {
    const transport = manualTransport();
    const bridge = createBridge(transport, LOAD);
    transport.peer.connected();
    const ready = bridge.ready().catch(codeOf);
    transport.refuse(transport.posts[0]?.calls[0], { message: "reload the page" });
    await settled();
    expect(bridge.connection()).toEqual({ phase: "refused", reason: "reload the page" });
    expect(await ready).toBe("HOST_LOST");
  });
});

describe("pushes", () => {
  it("for another load are not answered", async () => {
    const { transport, llm } = await manualPage();
    const listener = vi.fn();
    llm.onLlmToken(listener);
    expect(transport.peer.receive("load-0002", 7, [tokenEvent("inf-1", 0, "x")])).toBeNull();
    expect(listener).not.toHaveBeenCalled();
  });

  it("that come again are answered and not taken again", async () => {
    const { transport, llm } = await manualPage();
    const listener = vi.fn();
    llm.onLlmToken(listener);
    const items = [tokenEvent("inf-1", 0, "x")];
    expect(transport.peer.receive(LOAD, 2, items)).toEqual([LOAD, 2]);
    expect(transport.peer.receive(LOAD, 2, items)).toEqual([LOAD, 2]);
    expect(transport.peer.receive(LOAD, 0, [])).toEqual([LOAD, 0]);
    expect(listener).toHaveBeenCalledTimes(1);
  });

  it("are answered whatever stands in them", async () => {
    const { transport } = await manualPage();
    const odd = [null, 4, "x", [], {}, { channel: "llm:token" }, { channel: "reply", id: 1 }];
    expect(transport.push(...odd)).toEqual([LOAD, 2]);
    expect(transport.peer.receive(LOAD, 3, "no list")).toEqual([LOAD, 3]);
    expect(transport.peer.receive(LOAD, Number.NaN, [])).toBeNull();
  });

  it("reach the other listeners when one of them throws", async () => {
    const { transport, llm } = await manualPage();
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    llm.onLlmToken(() => {
      throw new Error("mine");
    });
    const listener = vi.fn();
    llm.onLlmToken(listener);
    expect(transport.push(tokenEvent("inf-1", 0, "x"))).toEqual([LOAD, 2]);
    expect(listener).toHaveBeenCalledTimes(1);
    expect(reported).toHaveBeenCalledTimes(1);
  });
});

describe("listeners", () => {
  // shows: B50
  it("hear their channel until they unsubscribe", async () => {
    const { transport, llm } = await manualPage();
    const tokens: string[] = [];
    const dones: boolean[] = [];
    const stop = llm.onLlmToken((event) => tokens.push(event.token));
    llm.onLlmDone((event) => dones.push(event.cancelled));
    transport.push(tokenEvent("inf-1", 0, "a"), tokenEvent("inf-1", 1, "b"), end("inf-1", 2));
    stop();
    transport.push(tokenEvent("inf-2", 0, "c"));
    expect(tokens).toEqual(["a", "b"]);
    expect(dones).toEqual([false]);
  });

  // shows: B55, D64
  it("of one run hear nothing of others, and each push once", async () => {
    const { transport, llm } = await manualPage();
    const batches: number[][] = [];
    llm.onLlmEvents((events) => batches.push(events.map((event) => event.seq)), "inf-1");
    transport.push(
      tokenEvent("inf-1", 0, "a"),
      tokenEvent("inf-2", 0, "x"),
      tokenEvent("inf-1", 1, "b"),
    );
    transport.push(tokenEvent("inf-2", 1, "y"));
    expect(batches).toEqual([[0, 1]]);
  });
});

describe("attach", () => {
  const piece = (events: AnyEvent[], more: boolean, live = true) => ({ events, live, more });

  it("fetches piece after piece, from the last part of a joined event", async () => {
    const { transport, llm } = await manualPage();
    const attached = llm.llmAttach({ inferenceId: "inf-1" });
    await settled();
    expect(transport.calls()[0]?.params).toEqual({ inferenceId: "inf-1", afterSeq: -1 });
    const joined = { ...tokenEvent("inf-1", 0, "abc"), count: 3 } as AnyEvent;
    transport.reply(transport.calls()[0], piece([joined], true));
    await settled();
    expect(transport.calls()[1]?.params).toEqual({ inferenceId: "inf-1", afterSeq: 2 });
    transport.reply(transport.calls()[1], piece([tokenEvent("inf-1", 3, "d")], false));
    expect(await attached).toEqual({
      events: [joined, { ...tokenEvent("inf-1", 3, "d"), index: 1 }],
      live: true,
    });
  });

  it("tells what follows after its answer, in order", async () => {
    const { transport, llm } = await manualPage();
    const order: string[] = [];
    llm.onLlmToken((event) => order.push(event.token));
    const attached = llm.llmAttach({ inferenceId: "inf-1", afterSeq: -1 }).then(({ events }) => {
      for (const event of events) if (event.channel === "llm:token") order.push(event.token);
    });
    await settled();
    const call = transport.calls()[0];
    const reply = { channel: "reply", id: call?.id, ok: true };
    transport.push(
      { ...reply, value: piece([tokenEvent("inf-1", 0, "a")], false) },
      tokenEvent("inf-1", 1, "b"),
      tokenEvent("inf-1", 2, "c"),
    );
    await attached;
    await settled();
    expect(order).toEqual(["a", "b", "c"]);
  });

  it("that is refused lets the run's events through again", async () => {
    const { transport, llm } = await manualPage();
    const listener = vi.fn();
    llm.onLlmToken(listener);
    const attached = llm.llmAttach({ inferenceId: "inf-1" }).catch(codeOf);
    await settled();
    transport.push(tokenEvent("inf-1", 0, "a"));
    expect(listener).not.toHaveBeenCalled();
    transport.refuse(transport.calls()[0], { code: "NOT_FOUND" });
    expect(await attached).toBe("NOT_FOUND");
    await settled();
    expect(listener).toHaveBeenCalledTimes(1);
  });
});

describe("a lost host", () => {
  it("loses the calls that were under way; ready is pending until it is back", async () => {
    const { transport, bridge, llm } = await manualPage();
    const phases: string[] = [];
    bridge.onConnection(() => phases.push(bridge.connection().phase));
    const call = llm.llmGetStatus().catch(codeOf);
    await settled();
    transport.peer.lost("gone");
    expect(await call).toBe("HOST_LOST");
    const back = vi.fn();
    void llm.ready().then(back);
    await settled();
    expect(back).not.toHaveBeenCalled();
    transport.peer.connected();
    await transport.welcome(true);
    expect(back).toHaveBeenCalled();
    expect(phases).toEqual(["reconnecting", "ready"]);
  });

  it("is told which push came last", async () => {
    const { transport } = await manualPage();
    transport.push(tokenEvent("inf-1", 0, "a"));
    transport.peer.lost("gone");
    transport.peer.connected();
    expect(transport.posts.at(-1)?.calls[0]?.params).toEqual({ version: 1, lastPush: 2 });
  });

  it("that remembers this load is asked for nothing", async () => {
    const { transport } = await manualPage();
    transport.push(tokenEvent("inf-1", 0, "a"));
    transport.peer.lost("gone");
    transport.peer.connected();
    await transport.welcome(true);
    expect(transport.calls()).toEqual([]);
  });

  it("that has forgotten it is asked for every live run, from where it was", async () => {
    const { transport, llm } = await manualPage();
    const tokens: string[] = [];
    llm.onLlmToken((event) => tokens.push(event.inferenceId + event.token));
    transport.push(tokenEvent("inf-1", 0, "a"), tokenEvent("inf-2", 0, "x"), end("inf-2", 1));
    const started = llm.llmInference({ messages: [], providerId: "p", inferenceId: "inf-3" });
    await settled();
    transport.reply(transport.calls()[0], "inf-3");
    await started;
    transport.peer.lost("gone");
    transport.peer.connected();
    await transport.welcome(false);
    const calls = transport.calls().slice(1);
    expect(calls.map((call) => call.params)).toEqual([
      { inferenceId: "inf-1", afterSeq: 0 },
      { inferenceId: "inf-3", afterSeq: -1 },
    ]);
    const reply = { channel: "reply", id: calls[0]?.id, ok: true };
    const value = { events: [tokenEvent("inf-1", 1, "b")], live: true, more: false };
    transport.push({ ...reply, value }, tokenEvent("inf-1", 2, "c"));
    await settled();
    expect(tokens).toEqual(["inf-1a", "inf-2x", "inf-1b", "inf-1c"]);
  });

  it("that no longer has a run has ended it, and says so once", async () => {
    const { transport, llm } = await manualPage();
    const errors: unknown[] = [];
    llm.onLlmError(({ code, retryable, seq }) => errors.push({ code, retryable, seq }));
    transport.push(tokenEvent("inf-1", 0, "a"));
    for (let round = 0; round < 2; round += 1) {
      transport.peer.lost("gone");
      transport.peer.connected();
      await transport.welcome(false);
      const calls = transport.calls();
      expect(calls).toHaveLength(1);
      transport.refuse(calls[0], { code: "NOT_FOUND" });
      await settled();
    }
    expect(errors).toEqual([{ code: "HOST_LOST", retryable: true, seq: 1 }]);
  });

  it("takes a run that failed for ended", async () => {
    const { transport } = await manualPage();
    transport.push(tokenEvent("inf-1", 0, "a"), fail("inf-1", 1));
    transport.peer.lost("gone");
    transport.peer.connected();
    await transport.welcome(false);
    expect(transport.calls()).toEqual([]);
  });
});

describe("what scripts may use", () => {
  it("chooses an id for every run, so that its first events have an owner", async () => {
    const { transport, llm } = await manualPage();
    void llm.llmInference({ messages: [], providerId: "p" }).catch(codeOf);
    void llm.llmRunSession({ messages: [], sessionId: "s", inferenceId: "inf-mine" }).catch(codeOf);
    await settled();
    const [first, second] = transport.calls();
    expect(first?.params).toMatchObject({
      inferenceId: expect.stringMatching(/^inf-[\w-]{36}$/),
    });
    expect(second).toMatchObject({
      method: "llm.run_session",
      params: { inferenceId: "inf-mine" },
    });
  });

  // shows: B49, D59
  it("carries every method to its name on the wire", async () => {
    const { transport, llm } = await manualPage();
    const results = [
      llm.llmCancel("inf-1"),
      llm.llmCreateSession({ sessionId: "s", providerId: "p" }),
      llm.llmDestroySession("s"),
      llm.llmGetStatus(),
      llm.llmList(),
      llm.llmGetSession("s"),
    ];
    await settled();
    expect(transport.calls().map(({ method, params }) => [method, params])).toEqual([
      ["llm.cancel", "inf-1"],
      ["llm.create_session", { sessionId: "s", providerId: "p" }],
      ["llm.destroy_session", "s"],
      ["llm.get_status", undefined],
      ["llm.list", undefined],
      ["llm.get_session", "s"],
    ]);
    for (const call of transport.calls()) transport.reply(call, call.method);
    expect(await Promise.all(results)).toHaveLength(6);
  });

  // shows: B50
  it("hears every channel through its own name", async () => {
    const { transport, llm } = await manualPage();
    const events: string[] = [];
    llm.onLlmThinking((event) => events.push(event.status));
    llm.onLlmReasoning((event) => events.push(event.text));
    llm.onLlmTool((event) => events.push(event.name));
    llm.onLlmRetrying((event) => events.push(event.code));
    llm.onLlmNotice((event) => events.push(event.text));
    llm.onLlmError((event) => events.push(event.error));
    const base = { inferenceId: "inf-1", ms: 0 };
    transport.push(
      { ...base, seq: 0, channel: "llm:thinking", status: "Processing..." },
      { ...base, seq: 1, channel: "llm:reasoning", text: "hm", count: 1 },
      { ...base, seq: 2, channel: "llm:tool", id: "1", name: "clock", argumentsDelta: "" },
      { ...base, seq: 3, channel: "llm:retrying", attempt: 2, delayMs: 1, code: "OVERLOADED" },
      { ...base, seq: 4, channel: "llm:notice", code: "n", text: "left out" },
      fail("inf-1", 5),
    );
    expect(events).toEqual(["Processing...", "hm", "clock", "OVERLOADED", "left out", "It broke"]);
  });

  // shows: B51
  it("cannot be replaced", async () => {
    const { bridge, llm } = await manualPage();
    const page = {} as Window;
    installApis(page, llm, createShell(bridge, page));
    expect(() => Object.assign(page, { llm: null })).toThrow(TypeError);
    expect(() => Object.assign(page.llm, { llmCancel: null })).toThrow(TypeError);
  });

  it("opens a window by the host, or else a tab of the browser", async () => {
    const { transport, bridge } = await manualPage();
    const open = vi.fn(() => null);
    const shell = createShell(bridge, { open, location: { pathname: "/", search: "" } } as never);
    const first = shell.openWindow();
    await settled();
    transport.reply(transport.calls()[0], true);
    expect(await first).toBe(true);
    expect(open).not.toHaveBeenCalled();
    const second = shell.openWindow();
    await settled();
    transport.reply(transport.calls()[1], false);
    expect(await second).toBe(false);
    expect(open).toHaveBeenCalledWith("/");
  });
});
