/** Tabs of one browser let each other in: a tab that is connected gets a ticket for a new one. */
import { type Secret, ticketOf } from "./tabSession";

const CHANNEL = "tidewire";
/** How long a new tab waits for another one that could let it in. */
const PATIENCE_MS = 2_000;

/** `ask`: a new tab wants to come in. `ticket`: it may, with this. */
interface Note {
  readonly ask?: unknown;
  readonly for?: unknown;
  readonly ticket?: unknown;
}

export interface Neighbours {
  /** A ticket from another tab; null when there is none that could get one. */
  ask(load: string): Promise<Secret | null>;
  /** Be asked by other tabs: `help` has the host make a ticket. */
  onAsked(help: (load: string) => void): void;
  /** Give the tab that asked what the host has made for it. */
  give(load: string, ticket: string): void;
  close(): void;
}

/** Only pages of this very address, in this browser profile, hear what is said here. */
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
