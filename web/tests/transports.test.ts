/** The transports: the desktop window's dispatcher, the browser's socket, and who a tab is. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { detectTransport } from "../src/bridge/transports/detect";
import { createPywebviewTransport } from "../src/bridge/transports/pywebview";
import { takeCredentials, takeTabId } from "../src/bridge/transports/tabSession";
import type { Peer } from "../src/bridge/transports/transport";
import { createWebSocketTransport } from "../src/bridge/transports/webSocket";
import { settled } from "./support";

function peerDouble() {
  return {
    load: "load-0001",
    connected: vi.fn(),
    receive: vi.fn<Peer["receive"]>((load, number) => [load, number]),
    lost: vi.fn(),
    refused: vi.fn(),
  };
}

afterEach(() => vi.useRealTimers());

describe("the desktop window", () => {
  function windowDouble(parts: object = {}): Window & { pywebview?: object } {
    const events = new EventTarget();
    return Object.assign(events, parts) as never;
  }

  it("waits for the dispatcher, and on Qt for its channel too", () => {
    vi.useFakeTimers();
    const page = windowDouble();
    const peer = peerDouble();
    createPywebviewTransport(page).open(peer);
    vi.advanceTimersByTime(200);
    expect(peer.connected).not.toHaveBeenCalled();
    Object.assign(page, { pywebview: { platform: "qtwebengine", _jsApiCallback: vi.fn() } });
    vi.advanceTimersByTime(200);
    expect(peer.connected).not.toHaveBeenCalled();
    Object.assign(page.pywebview ?? {}, { _QWebChannel: {} });
    page.dispatchEvent(new Event("pywebviewready"));
    page.dispatchEvent(new Event("pywebviewready"));
    vi.advanceTimersByTime(200);
    expect(peer.connected).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("finds a dispatcher whose event it has missed", () => {
    const page = windowDouble({ pywebview: { platform: "cocoa", _jsApiCallback: vi.fn() } });
    const peer = peerDouble();
    createPywebviewTransport(page).open(peer);
    expect(peer.connected).toHaveBeenCalledTimes(1);
  });

  it("posts one name, one text and the load's nonce", () => {
    const dispatch = vi.fn();
    const page = windowDouble({ pywebview: { platform: "cocoa", _jsApiCallback: dispatch } });
    const transport = createPywebviewTransport(page);
    expect(() => transport.post("early")).toThrow();
    transport.open(peerDouble());
    transport.post("text");
    expect(dispatch.mock.calls).toEqual([["post", "text", "load-0001"]]);
  });

  // shows: B51
  it("gives the host one way in, which nothing can replace", () => {
    const page = windowDouble() as Window & { __shell?: { receive: Peer["receive"] } };
    const peer = peerDouble();
    const transport = createPywebviewTransport(page);
    transport.open(peer);
    expect(page.__shell?.receive("load-0001", 4, [])).toEqual(["load-0001", 4]);
    expect(() => Object.assign(page, { __shell: null })).toThrow(TypeError);
    expect(() => Object.assign(page.__shell ?? {}, { receive: null })).toThrow(TypeError);
    transport.close();
  });
});

describe("the browser", () => {
  class Socket {
    static readonly OPEN = 1;
    static all: Socket[] = [];
    readyState = 0;
    readonly sent: string[] = [];
    readonly url: string;
    onopen: (() => void) | null = null;
    onmessage: ((message: { data: unknown }) => void) | null = null;
    onclose: ((event: { code: number }) => void) | null = null;

    constructor(url: string) {
      this.url = url;
      Socket.all.push(this);
    }
    send(text: string) {
      this.sent.push(text);
    }
    close() {
      this.readyState = 3;
    }
    open() {
      this.readyState = 1;
      this.onopen?.();
    }
    say(value: unknown) {
      this.onmessage?.({ data: typeof value === "string" ? value : JSON.stringify(value) });
    }
    drop(code = 1006) {
      this.readyState = 3;
      this.onclose?.({ code });
    }
  }

  beforeEach(() => {
    Socket.all = [];
    vi.stubGlobal("WebSocket", Socket);
    location.hash = "#token=secret-1";
  });
  afterEach(() => {
    location.hash = "";
  });

  const last = (): Socket => {
    const socket = Socket.all.at(-1);
    if (socket === undefined) throw new Error("no socket");
    return socket;
  };

  async function opened() {
    const peer = peerDouble();
    const transport = createWebSocketTransport(1);
    transport.open(peer);
    await settled();
    last().open();
    return { peer, transport, socket: last() };
  }

  it("says who it is first, and keeps the token that it is given", async () => {
    location.hash = "#ticket=once";
    const { peer, socket, transport } = await opened();
    expect(socket.url).toBe(`ws://${location.host}/door`);
    const knock = JSON.parse(socket.sent[0] ?? "");
    expect(knock).toMatchObject({ ticket: "once", load: "load-0001", version: 1 });
    expect(knock.tab).toMatch(/^[\w-]{36}$/);
    expect(peer.connected).not.toHaveBeenCalled();
    expect(() => transport.post("early")).toThrow();
    socket.say({ welcome: { token: "secret-2" } });
    expect(peer.connected).toHaveBeenCalledTimes(1);
    transport.post("batch");
    expect(socket.sent[1]).toBe("batch");
    expect(takeCredentials()).toEqual({ token: "secret-2" });
  });

  it("answers every push that is taken", async () => {
    const { peer, socket } = await opened();
    socket.say({ welcome: {} });
    socket.say({ push: ["load-0001", 1, [{ channel: "x" }]] });
    peer.receive.mockReturnValueOnce(null);
    socket.say({ push: ["load-0009", 2, []] });
    expect(peer.receive.mock.calls).toEqual([
      ["load-0001", 1, [{ channel: "x" }]],
      ["load-0009", 2, []],
    ]);
    expect(socket.sent.slice(1)).toEqual(['{"answer":["load-0001",1]}']);
  });

  it("does not mind what is no frame", async () => {
    const { peer, socket } = await opened();
    for (const odd of ["{", "null", '"x"', '{"push":4}', '{"welcome":null}', "{}"]) {
      expect(() => socket.say(odd)).not.toThrow();
    }
    expect(peer.connected).not.toHaveBeenCalled();
  });

  it("comes back, ever more slowly up to five seconds, and at once after a success", async () => {
    const { peer, socket } = await opened();
    socket.say({ welcome: { token: "t" } });
    vi.useFakeTimers();
    const pauses: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      const before = Socket.all.length;
      last().drop();
      let waited = 0;
      await vi.advanceTimersByTimeAsync(0);
      while (Socket.all.length === before && waited < 20_000) {
        await vi.advanceTimersByTimeAsync(50);
        waited += 50;
      }
      pauses.push(waited);
    }
    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000]);
    expect(peer.lost).toHaveBeenCalledTimes(9);
    last().open();
    last().say({ welcome: {} });
    expect(peer.connected).toHaveBeenCalledTimes(2);
    last().drop();
    await vi.advanceTimersByTimeAsync(110);
    expect(Socket.all).toHaveLength(11);
  });

  it("gives up with a bad token, and says what helps", async () => {
    const { peer, socket } = await opened();
    socket.drop(4401);
    await settled();
    expect(peer.refused.mock.calls[0]?.[0]).toMatch(/address.*terminal printed/);
    expect(peer.lost).not.toHaveBeenCalled();
    expect(takeCredentials()).toEqual({});
  });

  it("takes another id when its own is in use", async () => {
    const { socket } = await opened();
    vi.useFakeTimers();
    socket.drop(4409);
    await vi.advanceTimersByTimeAsync(10);
    last().open();
    const [first, second] = Socket.all.map((one) => JSON.parse(one.sent[0] ?? "").tab);
    expect(second).toMatch(/^[\w-]{36}$/);
    expect(second).not.toBe(first);
  });

  it("does not come back after it was closed", async () => {
    const { transport, socket } = await opened();
    vi.useFakeTimers();
    transport.close();
    socket.drop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(Socket.all).toHaveLength(1);
  });
});

describe("identity", () => {
  it("takes the token out of the address and leaves the rest there", () => {
    location.hash = "#token=secret&attach=inf-1";
    expect(takeCredentials()).toEqual({ token: "secret" });
    expect(location.hash).toBe("#attach=inf-1");
    expect(takeCredentials()).toEqual({ token: "secret" });
    location.hash = "";
  });

  it("keeps the tab's id over a reload", async () => {
    const first = await takeTabId();
    expect(await takeTabId()).toBe(first);
  });

  it("gives a duplicated tab an id of its own", async () => {
    const taken = new Set<string>();
    const locks = {
      request(name: string, { signal }: { signal: AbortSignal }, hold: () => Promise<never>) {
        if (!taken.has(name)) {
          taken.add(name);
          return hold();
        }
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        });
      },
    };
    const page = { sessionStorage, navigator: { locks } } as unknown as Window;
    const first = await takeTabId(page);
    const second = await takeTabId(page);
    expect(second).not.toBe(first);
    expect(sessionStorage.getItem("tidewire.tab")).toBe(second);
  });

  it("does without storage", async () => {
    const page = {
      get sessionStorage(): Storage {
        throw new DOMException("denied", "SecurityError");
      },
      navigator: {},
    } as unknown as Window;
    expect(await takeTabId(page)).toMatch(/^[\w-]{36}$/);
  });
});

describe("the choice", () => {
  function pageDouble(search: string, meta: string | null, more: object = {}): Window {
    const page = {
      location: { search, hash: "", pathname: "/" },
      history: { replaceState: vi.fn() },
      document: { querySelector: () => meta && { getAttribute: () => meta } },
      sessionStorage,
      ...more,
    };
    return Object.assign(new EventTarget(), page) as never;
  }

  it("goes by the address, then by what the host wrote into the page", async () => {
    expect((await detectTransport(pageDouble("?bridge=fake", "pywebview"))).kind).toBe("fake");
    expect((await detectTransport(pageDouble("", "pywebview"))).kind).toBe("pywebview");
    expect((await detectTransport(pageDouble("", "loopback"))).kind).toBe("loopback");
  });

  it("looks around in a page that no host has written", async () => {
    vi.useFakeTimers();
    const inWindow = pageDouble("", null);
    const first = detectTransport(inWindow);
    inWindow.dispatchEvent(new Event("pywebviewready"));
    expect((await first).kind).toBe("pywebview");
    const second = detectTransport(pageDouble("", null));
    await vi.advanceTimersByTimeAsync(1_100);
    expect((await second).kind).toBe("loopback");
    const hash = { location: { search: "", hash: "#token=t", pathname: "/" } };
    expect((await detectTransport(pageDouble("", null, hash))).kind).toBe("loopback");
  });
});
