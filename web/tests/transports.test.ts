/** The transports: the desktop window's dispatcher, the browser's socket, and the identity of a tab. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { detectTransport } from "../src/bridge/transports/detect";
import { prove } from "../src/bridge/transports/proof";
import { createPywebviewTransport } from "../src/bridge/transports/pywebview";
import {
  followLinks,
  newTabId,
  storeTabKey,
  tabKey,
  takeTabId,
  takeTicket,
} from "../src/bridge/transports/tabSession";
import type { Peer } from "../src/bridge/transports/transport";
import { createWebSocketTransport } from "../src/bridge/transports/webSocket";
import { settled } from "./support";

const REMEDY = "the program prints a new link when it starts";

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
    receive(value: unknown) {
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
    vi.stubGlobal("BroadcastChannel", undefined);
    location.hash = "#ticket=once.secret-1";
  });
  afterEach(() => {
    location.hash = "";
    storeTabKey(null);
  });

  const last = (): Socket => {
    const socket = Socket.all.at(-1);
    if (socket === undefined) throw new Error("no socket");
    return socket;
  };

  async function opened() {
    const peer = peerDouble();
    const transport = createWebSocketTransport(1);
    const before = Socket.all.length;
    transport.open(peer);
    await vi.waitUntil(() => Socket.all.length > before);
    last().open();
    return { peer, transport, socket: last() };
  }

  const greeting = (socket: Socket) => JSON.parse(socket.sent[0] ?? "");

  /** What a host that knows the secret says first. */
  async function challenge(socket: Socket, secret: string) {
    const { tab, load, nonce } = greeting(socket);
    const facts = [tab, load, nonce, "host-1"];
    socket.receive({ challenge: { nonce: "host-1", proof: await prove(secret, "host", facts) } });
    return prove(secret, "page", facts);
  }

  async function welcomed(socket: Socket, secret = "secret-1", welcome: object = { key: "key-1" }) {
    const proof = await challenge(socket, secret);
    await vi.waitUntil(() => socket.sent.length > 1);
    expect(JSON.parse(socket.sent[1] ?? "")).toEqual({ proof });
    socket.receive({ welcome });
  }

  it("sends no secret, proves that it has it, and keeps the key that it is given", async () => {
    const { peer, socket, transport } = await opened();
    expect(socket.url).toBe(`ws://${location.host}/door`);
    expect(greeting(socket)).toMatchObject({ ticket: "once", load: "load-0001", version: 1 });
    expect(greeting(socket).tab).toMatch(/^[\w-]{36}$/);
    expect(peer.connected).not.toHaveBeenCalled();
    expect(() => transport.post("early")).toThrow();
    await welcomed(socket);
    expect(peer.connected).toHaveBeenCalledTimes(1);
    transport.post("batch");
    expect(socket.sent[2]).toBe("batch");
    expect(tabKey()).toEqual({ ticket: null, value: "key-1" });
    expect(socket.sent.join()).not.toMatch(/secret-1|key-1/);
    expect(JSON.stringify({ ...sessionStorage, ...localStorage })).not.toMatch(/secret-1|key-1/);
  });

  it("comes back with its key after a reload", async () => {
    await welcomed((await opened()).socket);
    const { peer, socket } = await opened();
    expect(greeting(socket).ticket).toBeUndefined();
    await welcomed(socket, "key-1", {});
    expect(peer.connected).toHaveBeenCalledTimes(1);
    expect(socket.sent.join()).not.toContain("key-1");
  });

  it("comes back with its ticket when it is reloaded before it has its key", async () => {
    const { socket } = await opened();
    const { tab } = greeting(socket);
    await challenge(socket, "secret-1");
    const again = await opened();
    expect(greeting(again.socket)).toMatchObject({ tab, ticket: "once" });
    await welcomed(again.socket);
    expect(tabKey()).toEqual({ ticket: null, value: "key-1" });
  });

  it("forgets a ticket that is refused", async () => {
    const { socket } = await opened();
    socket.drop(4401);
    await settled();
    expect(tabKey()).toBeNull();
  });

  it("tells nothing to a host that does not know its secret, and takes nothing from it", async () => {
    const { peer, socket, transport } = await opened();
    socket.receive({ welcome: { key: "theirs" } });
    socket.receive({ push: ["load-0001", 1, []] });
    socket.receive({ ticket: "theirs" });
    const { tab, load, nonce } = greeting(socket);
    const proof = await prove("guessed", "host", [tab, load, nonce, "host-1"]);
    socket.receive({ challenge: { nonce: "host-1", proof } });
    socket.receive({ welcome: { key: "theirs" } });
    await vi.waitUntil(() => peer.refused.mock.calls.length > 0);
    socket.receive({ welcome: { key: "theirs" } });
    expect(() => transport.post("words")).toThrow();
    expect(socket.sent).toHaveLength(1);
    expect(peer.connected).not.toHaveBeenCalled();
    expect(peer.receive).not.toHaveBeenCalled();
    expect(tabKey()).toBeNull();
    expect(peer.refused.mock.calls[0]?.[0]).toBe(
      `This is not the program that this tab knows: ${REMEDY}`,
    );
  });

  it("takes another id only when its host says so", async () => {
    const { socket } = await opened();
    const { tab } = greeting(socket);
    vi.useFakeTimers();
    socket.drop(4409);
    await vi.advanceTimersByTimeAsync(200);
    last().open();
    expect(greeting(last())).toMatchObject({ tab, ticket: "once" });
  });

  describe("beside other tabs", () => {
    class Channel extends EventTarget {
      static all: Channel[] = [];
      constructor() {
        super();
        Channel.all.push(this);
      }
      postMessage(data: unknown) {
        for (const other of Channel.all) {
          if (other !== this) other.dispatchEvent(new MessageEvent("message", { data }));
        }
      }
      close() {
        Channel.all = Channel.all.filter((other) => other !== this);
      }
    }

    beforeEach(() => {
      Channel.all = [];
      vi.stubGlobal("BroadcastChannel", Channel);
    });

    it("lets a new tab in, with a ticket from the host", async () => {
      const { socket } = await opened();
      await welcomed(socket);
      storeTabKey(null);
      const peer = peerDouble();
      createWebSocketTransport(1).open({ ...peer, load: "load-0002" });
      await vi.waitUntil(() => socket.sent.length > 2);
      expect(socket.sent[2]).toBe('{"ticket":true}');
      socket.receive({ ticket: "twice.secret-2" });
      await vi.waitUntil(() => Socket.all.length > 1);
      last().open();
      expect(greeting(last())).toMatchObject({ ticket: "twice", load: "load-0002" });
      await welcomed(last(), "secret-2", { key: "key-2" });
      expect(peer.connected).toHaveBeenCalledTimes(1);
    });

    it("says what helps when there is none", async () => {
      vi.useFakeTimers();
      location.hash = "";
      const peer = peerDouble();
      createWebSocketTransport(1).open(peer);
      await vi.advanceTimersByTimeAsync(5_000);
      expect(Socket.all).toHaveLength(0);
      expect(peer.refused.mock.calls[0]?.[0]).toBe(`This tab needs a link: ${REMEDY}`);
    });

    it("does not come back into a tab id that is in use", async () => {
      const { socket } = await opened();
      await welcomed(socket);
      vi.useFakeTimers();
      socket.drop(4409);
      await vi.advanceTimersByTimeAsync(10);
      const [, asker] = Channel.all;
      expect(asker).toBeUndefined(); // the tab's own channel is all that there is
      Channel.all[0]?.dispatchEvent(
        new MessageEvent("message", { data: { for: "load-0001", ticket: "new.secret-3" } }),
      );
      await vi.advanceTimersByTimeAsync(10);
      last().open();
      expect(greeting(last()).ticket).toBe("new");
      expect(greeting(last()).tab).not.toBe(greeting(socket).tab);
    });
  });

  it("answers every push that is taken", async () => {
    const { peer, socket } = await opened();
    await welcomed(socket);
    socket.receive({ push: ["load-0001", 1, [{ channel: "x" }]] });
    peer.receive.mockReturnValueOnce(null);
    socket.receive({ push: ["load-0009", 2, []] });
    expect(peer.receive.mock.calls).toEqual([
      ["load-0001", 1, [{ channel: "x" }]],
      ["load-0009", 2, []],
    ]);
    expect(socket.sent.slice(2)).toEqual(['{"answer":["load-0001",1]}']);
  });

  it("does not mind what is no frame", async () => {
    const { peer, socket } = await opened();
    for (const odd of [
      "{",
      "null",
      '"x"',
      '{"push":4}',
      '{"welcome":null}',
      '{"challenge":1}',
      "{}",
    ]) {
      expect(() => socket.receive(odd)).not.toThrow();
    }
    expect(peer.connected).not.toHaveBeenCalled();
  });

  it("comes back, ever more slowly up to five seconds, and at once after a success", async () => {
    const { peer, socket } = await opened();
    await welcomed(socket);
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
    expect(peer.lost).toHaveBeenLastCalledWith("The connection to the program was lost");
    vi.useRealTimers();
    last().open();
    await welcomed(last(), "key-1", {});
    expect(peer.connected).toHaveBeenCalledTimes(2);
    vi.useFakeTimers();
    last().drop();
    await vi.advanceTimersByTimeAsync(110);
    expect(Socket.all).toHaveLength(11);
  });

  it("gives up with a used ticket, and says what helps", async () => {
    const { peer, socket } = await opened();
    socket.drop(4401);
    await settled();
    expect(peer.refused.mock.calls[0]?.[0]).toBe(
      `This link was used before or has expired: ${REMEDY}`,
    );
    expect(peer.lost).not.toHaveBeenCalled();
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
  it("takes the ticket out of the address and leaves the rest there", () => {
    location.hash = "#ticket=once.secret&attach=inf-1";
    expect(takeTicket()).toEqual({ ticket: "once", value: "secret" });
    expect(location.hash).toBe("#attach=inf-1");
    expect(takeTicket()).toBeNull();
    location.hash = "";
  });

  it("keeps no key for an id that is new", async () => {
    storeTabKey("key-1");
    await newTabId();
    expect(tabKey()).toBeNull();
    window.name = "a frame of somebody's";
    expect(tabKey()).toBeNull();
    storeTabKey(null);
    expect(window.name).toBe("a frame of somebody's");
    window.name = "";
  });

  it("follows a link that is opened in it", () => {
    const page = Object.assign(new EventTarget(), { location: { hash: "#x", reload: vi.fn() } });
    followLinks(page as unknown as Window);
    page.dispatchEvent(new Event("hashchange"));
    expect(page.location.reload).not.toHaveBeenCalled();
    page.location.hash = "#ticket=a.b";
    page.dispatchEvent(new Event("hashchange"));
    expect(page.location.reload).toHaveBeenCalledTimes(1);
  });

  it("keeps the tab's id over a reload", async () => {
    const first = await takeTabId();
    expect(await takeTabId()).toBe(first);
  });

  it("gives a duplicated tab an id of its own", async () => {
    const lockedNames = new Set<string>();
    const locks = {
      request(name: string, { signal }: { signal: AbortSignal }, hold: () => Promise<never>) {
        if (!lockedNames.has(name)) {
          lockedNames.add(name);
          return hold();
        }
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        });
      },
    };
    const page = { sessionStorage, name: "", navigator: { locks } } as unknown as Window;
    const first = await takeTabId(page);
    const second = await takeTabId(page);
    expect(second).not.toBe(first);
    expect(sessionStorage.getItem("tidewire.tab")).toBe(second);
  });

  it("keeps its id when the page before a reload is removed late", async () => {
    let remove = () => {};
    const removed = new Promise<void>((resolve) => {
      remove = resolve;
    });
    const locks = {
      request: async (_: string, { signal }: { signal: AbortSignal }, hold: () => unknown) => {
        await removed;
        signal.throwIfAborted();
        void hold();
      },
    };
    const page = { sessionStorage, name: "", navigator: { locks } } as unknown as Window;
    sessionStorage.setItem("tidewire.tab", "the-tab");
    vi.useFakeTimers();
    const tabId = takeTabId(page);
    await vi.advanceTimersByTimeAsync(5_000);
    remove();
    expect(await tabId).toBe("the-tab");
    vi.useRealTimers();
  });

  it("does without storage", async () => {
    const page = {
      get sessionStorage(): Storage {
        throw new DOMException("denied", "SecurityError");
      },
      name: "",
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
    const hash = { location: { search: "", hash: "#ticket=t.s", pathname: "/" } };
    expect((await detectTransport(pageDouble("", null, hash))).kind).toBe("loopback");
  });
});
