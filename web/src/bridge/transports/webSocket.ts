/** The transport in a browser: one WebSocket to the host that served the page. */
import { type Credentials, keepToken, newTabId, takeCredentials, takeTabId } from "./tabSession";
import type { Peer, Transport } from "./transport";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
const BAD_TOKEN = 4401;
const TAB_TAKEN = 4409;

/** The very first frame: who wants to come in. */
interface Knock extends Credentials {
  readonly tab: string;
  readonly load: string;
  readonly version: number;
}

export function createWebSocketTransport(version: number, page: Window = window): Transport {
  let credentials = takeCredentials(page);
  let peer: Peer | undefined;
  let socket: WebSocket | undefined;
  let tab = "";
  let welcomed = false;
  let closed = false;
  let delay = FIRST_DELAY_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function connect(): void {
    if (peer === undefined || closed) return;
    const { protocol, host } = page.location;
    const now = new WebSocket(`${protocol === "https:" ? "wss" : "ws"}://${host}/door`);
    const load = peer.load;
    socket = now;
    welcomed = false;
    now.onopen = () => {
      const knock: Knock = { ...credentials, tab, load, version };
      now.send(JSON.stringify(knock));
    };
    now.onmessage = (message) => {
      if (now === socket) take(message.data);
    };
    now.onclose = (event) => {
      if (now === socket) void gone(event.code);
    };
  }

  function take(text: unknown): void {
    const frame = parse(text);
    if (frame?.push !== undefined) {
      const [load, number, items] = frame.push;
      const answer = peer?.receive(load, number, items);
      if (answer) socket?.send(JSON.stringify({ answer }));
    } else if (frame?.welcome !== undefined) {
      welcomed = true;
      delay = FIRST_DELAY_MS;
      if (typeof frame.welcome.token === "string") {
        credentials = { token: frame.welcome.token };
        keepToken(frame.welcome.token, page);
      }
      peer?.connected();
    }
  }

  async function gone(code: number): Promise<void> {
    socket = undefined;
    welcomed = false;
    if (closed || peer === undefined) return;
    if (code === BAD_TOKEN) {
      keepToken(null, page);
      peer.refused("This address is no longer valid: open the one that the terminal printed");
      return;
    }
    peer.lost("The connection to Tidewire's host was lost");
    if (code === TAB_TAKEN) tab = await newTabId(page);
    const pause = code === TAB_TAKEN ? 0 : delay;
    delay = Math.min(delay * 2, LONGEST_DELAY_MS);
    timer = setTimeout(connect, pause);
  }

  return {
    kind: "loopback",
    open(self) {
      peer = self;
      void takeTabId(page).then((id) => {
        tab = id;
        connect();
      });
    },
    post(text) {
      if (socket?.readyState !== WebSocket.OPEN || !welcomed) throw new Error("not connected");
      socket.send(text);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      socket?.close();
    },
  };
}

interface Frame {
  readonly welcome?: { readonly token?: unknown };
  readonly push?: readonly [string, number, unknown];
}

function parse(text: unknown): Frame | null {
  if (typeof text !== "string") return null;
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame !== "object" || frame === null) return null;
    if ("push" in frame && !Array.isArray(frame.push)) return null;
    if ("welcome" in frame && (typeof frame.welcome !== "object" || frame.welcome === null)) {
      return null;
    }
    return frame as Frame;
  } catch {
    return null;
  }
}
