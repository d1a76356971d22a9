/** Lets one browser tab admit another: a connected tab obtains a ticket for a new one. */
import { type Secret, ticketOf } from "./tabSession";

const CHANNEL = "tidewire";
/** How long a new tab waits for another tab to admit it. */
const PATIENCE_MS = 2_000;

/** `ask`: a new tab asks to be admitted. `ticket`: the reply with its ticket. */
interface Note {
  readonly ask?: unknown;
  readonly for?: unknown;
  readonly ticket?: unknown;
}

export interface Neighbours {
  /** A ticket from another tab; null if no tab can get one. */
  ask(load: string): Promise<Secret | null>;
  /** Handles requests of other tabs: `help` has the host make a ticket. */
  onAsked(help: (load: string) => void): void;
  /** Passes the host's ticket to the tab that asked. */
  give(load: string, ticket: string): void;
  close(): void;
}

/** Only pages of the same origin in this browser profile receive these messages. */
export function createNeighbours(): Neighbours {
  if (typeof BroadcastChannel === "undefined") {
    return { ask: async () => null, onAsked() {}, give() {}, close() {} };
  }
  const channel = new BroadcastChannel(CHANNEL);

  function listen(take: (note: Note) => void): () => void {
    const hear = ({ data }: MessageEvent<Note | null>) => data && take(data);
    channel.addEventListener("message", hear);
    return () => channel.removeEventListener("message", hear);
  }

  return {
    ask: (load) =>
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
        channel.postMessage({ ask: load } satisfies Note);
      }),
    onAsked(help) {
      listen((note) => {
        if (typeof note.ask === "string") help(note.ask);
      });
    },
    give: (load, ticket) => channel.postMessage({ for: load, ticket } satisfies Note),
    close: () => channel.close(),
  };
}
