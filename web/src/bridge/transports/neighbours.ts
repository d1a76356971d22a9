/** Lets one browser tab admit another: a connected tab obtains a ticket for a new one. */
import { type Secret, ticketOf } from "./tabSession";

const CHANNEL = "tidewire";
/** How long a new tab waits for another tab to admit it. */
const PATIENCE_MS = 2_000;

/** `ask`: a new tab asks to be admitted. `ticket`: the reply with its ticket. */
interface TabMessage {
  readonly ask?: unknown;
  readonly for?: unknown;
  readonly ticket?: unknown;
}

export interface Neighbours {
  /** A ticket from another tab; null if no tab can get one. */
  requestTicket(load: string): Promise<Secret | null>;
  /** Handles requests of other tabs: `admit` has the host make a ticket. */
  onRequest(admit: (load: string) => void): void;
  /** Passes the host's ticket to the tab that asked. */
  sendTicket(load: string, ticket: string): void;
  close(): void;
}

/** Only pages of the same origin in this browser profile receive these messages. */
export function createNeighbours(): Neighbours {
  if (typeof BroadcastChannel === "undefined") {
    return { requestTicket: async () => null, onRequest() {}, sendTicket() {}, close() {} };
  }
  const channel = new BroadcastChannel(CHANNEL);

  function listen(listener: (note: TabMessage) => void): () => void {
    const onMessage = ({ data }: MessageEvent<TabMessage | null>) => data && listener(data);
    channel.addEventListener("message", onMessage);
    return () => channel.removeEventListener("message", onMessage);
  }

  return {
    requestTicket: (load) =>
      new Promise((resolve) => {
        const end = (found: Secret | null) => {
          clearTimeout(timer);
          stop();
          resolve(found);
        };
        const timer = setTimeout(() => end(null), PATIENCE_MS);
        const stop = listen((note) => {
          if (note.for === load && typeof note.ticket === "string") end(ticketOf(note.ticket));
        });
        channel.postMessage({ ask: load } satisfies TabMessage);
      }),
    onRequest(admit) {
      listen((note) => {
        if (typeof note.ask === "string") admit(note.ask);
      });
    },
    sendTicket: (load, ticket) => channel.postMessage({ for: load, ticket } satisfies TabMessage),
    close: () => channel.close(),
  };
}
