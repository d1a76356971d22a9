/** The seam between the page and whatever carries its texts to a host. */

/** The page's end, which a transport tells what happens. */
export interface Peer {
  /** The nonce of this page load. */
  readonly load: string;
  /** The way is open, for the first time or again: the page says hello. */
  connected(): void;
  /** A push from the host. Never throws; the answer goes back to the host (null: not for us). */
  receive(load: string, number: number, items: unknown): readonly [string, number] | null;
  /** The way is closed for now; the transport goes on trying. */
  lost(reason: string): void;
  /** The host does not want us; trying again would not help. */
  refused(reason: string): void;
}

export interface Transport {
  readonly kind: "pywebview" | "loopback" | "fake";
  open(peer: Peer): void;
  /** Carry one batch to the host. Throws when there is no way. */
  post(text: string): void;
  close(): void;
}
