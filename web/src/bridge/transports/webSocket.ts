/** The transport in a browser: one WebSocket to the host that served the page. */
import { createNeighbours } from "./neighbours";
import { prove } from "./proof";
import {
  newTabId,
  type Secret,
  storeTabKey,
  storeTicket,
  tabKey,
  takeTabId,
  takeTicket,
} from "./tabSession";
import type { Peer, Transport } from "./transport";

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
const NO_PASS = 4401;
const TAB_TAKEN = 4409;
const USED = "This link was used before or has expired";
const NO_LINK = "This tab needs a link";
const FOREIGN = "This is not the program that this tab knows";

/**
 * The stage of a connection. A program that took over the port of a dead host stays at the first stage:
 * the page sends data to, and accepts data from, only a host that proves the secret.
 */
type Stage = "greeted" | "proving" | "proved" | "welcomed";

/**
 * @param remedy - how a person gets another link, in half a sentence.
 */
export function createWebSocketTransport(
  version: number,
  remedy = "the program prints a new link when it starts",
  page: Window = window,
): Transport {
  const neighbours = createNeighbours();
  let secret = takeTicket(page);
  let peer: Peer | undefined;
  let socket: WebSocket | undefined;
  let tab = "";
  let stage: Stage = "greeted";
  let closed = false;
  let delay = FIRST_DELAY_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** The new tabs that wait for a ticket from the host, in order. */
  let waitingTabs: string[] = [];

  async function connect(): Promise<void> {
    if (peer === undefined || closed) return;
    const load = peer.load;
    secret ??= tabKey(page) ?? (await neighbours.requestTicket(load));
    if (closed) return;
    if (secret === null) {
      refuse(NO_LINK);
      return;
    }
    storeTicket(secret, page);
    openSocket(secret, load);
  }

  function openSocket(tabSecret: Secret, load: string): void {
    const { protocol, host } = page.location;
    const ws = new WebSocket(`${protocol === "https:" ? "wss" : "ws"}://${host}/door`);
    const nonce = crypto.randomUUID();
    socket = ws;
    stage = "greeted";
    ws.onopen = () => {
      const ticket = tabSecret.ticket ?? undefined;
      // Any process that has the port may read this frame, so it holds no secret.
      ws.send(JSON.stringify({ tab, load, nonce, ticket, version }));
    };
    ws.onmessage = (message) => {
      if (ws !== socket) return;
      const frame = parse(message.data);
      if (stage === "greeted" && frame?.challenge !== undefined) {
        stage = "proving";
        void answerChallenge(ws, tabSecret.value, [tab, load, nonce], frame.challenge);
      } else if (stage === "proved" && frame?.welcome !== undefined) {
        welcome(frame.welcome.key);
      } else if (stage === "welcomed") {
        onFrame(frame);
      }
    };
    ws.onclose = (event) => {
      if (ws === socket) void onClose(event.code);
    };
  }

  /** Proves to the host that the page knows the secret, after the host has proved the same. */
  async function answerChallenge(
    ws: WebSocket,
    value: string,
    ownFacts: readonly string[],
    challenge: { readonly nonce?: unknown; readonly proof?: unknown },
  ): Promise<void> {
    const facts = [...ownFacts, String(challenge.nonce)];
    const isHost = challenge.proof === (await prove(value, "host", facts));
    const proof = isHost ? await prove(value, "page", facts) : "";
    if (ws !== socket || closed) return;
    if (!isHost) {
      storeTabKey(null, page); // its host is gone, and no other host accepts it
      refuse(FOREIGN);
      return;
    }
    stage = "proved";
    ws.send(JSON.stringify({ proof }));
  }

  function welcome(key: unknown): void {
    stage = "welcomed";
    delay = FIRST_DELAY_MS;
    if (typeof key === "string") {
      storeTabKey(key, page);
      secret = { ticket: null, value: key };
    }
    peer?.connected();
  }

  function onFrame(frame: Frame | null): void {
    if (frame?.push !== undefined) {
      const [load, number, items] = frame.push;
      const acknowledgment = peer?.receive(load, number, items);
      if (acknowledgment) socket?.send(JSON.stringify({ answer: acknowledgment }));
    } else if (typeof frame?.ticket === "string") {
      const load = waitingTabs.shift();
      if (load !== undefined) neighbours.sendTicket(load, frame.ticket);
    }
  }

  /** Another tab asks to be admitted. */
  function admitTab(load: string): void {
    if (socket?.readyState !== WebSocket.OPEN || stage !== "welcomed") return;
    waitingTabs.push(load);
    socket.send('{"ticket":true}');
  }

  async function onClose(code: number): Promise<void> {
    // Only a verified host may make this tab take another id and ask other tabs for a ticket.
    const isTaken = code === TAB_TAKEN && (stage === "proved" || stage === "welcomed");
    socket = undefined;
    waitingTabs = [];
    if (closed || peer === undefined) return;
    if (code === NO_PASS) {
      if (secret?.ticket != null) storeTabKey(null, page);
      refuse(USED);
      return;
    }
    peer.lost("The connection to the program was lost");
    if (isTaken) {
      tab = await newTabId(page);
      secret = null;
    }
    const pause = isTaken ? 0 : delay;
    delay = Math.min(delay * 2, LONGEST_DELAY_MS);
    timer = setTimeout(() => void connect(), pause);
  }

  function refuse(reason: string): void {
    const ws = socket;
    socket = undefined;
    secret = null;
    ws?.close();
    peer?.refused(`${reason}: ${remedy}`);
  }

  return {
    kind: "loopback",
    open(self) {
      peer = self;
      neighbours.onRequest(admitTab);
      void takeTabId(page).then((id) => {
        tab = id;
        return connect();
      });
    },
    post(text) {
      if (socket?.readyState !== WebSocket.OPEN || stage !== "welcomed") {
        throw new Error("not connected");
      }
      socket.send(text);
    },
    close() {
      closed = true;
      clearTimeout(timer);
      neighbours.close();
      socket?.close();
    },
  };
}

interface Frame {
  readonly challenge?: { readonly nonce?: unknown; readonly proof?: unknown };
  readonly welcome?: { readonly key?: unknown };
  readonly push?: readonly [string, number, unknown];
  readonly ticket?: unknown;
}

function parse(text: unknown): Frame | null {
  if (typeof text !== "string") return null;
  try {
    const frame: unknown = JSON.parse(text);
    if (typeof frame !== "object" || frame === null) return null;
    if ("push" in frame && !Array.isArray(frame.push)) return null;
    if ("welcome" in frame && !isObject(frame.welcome)) return null;
    if ("challenge" in frame && !isObject(frame.challenge)) return null;
    return frame as Frame;
  } catch {
    return null;
  }
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
