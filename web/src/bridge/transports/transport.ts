/** The interface between the page and a transport that carries its messages to a host. */

/** The page's end, which the transport notifies. */
export interface Peer {
  /** The nonce of this page load. */
  readonly load: string;
  /** Connected, for the first time or again: the page says hello. */
  connected(): void;
  /**
   * A push from the host. Never throws. Returns the acknowledgment for the host, or null if the push is
   * for another page load.
   */
  receive(load: string, number: number, items: unknown): readonly [string, number] | null;
  /** Disconnected; the transport keeps trying to reconnect. */
  lost(reason: string): void;
  /** The host refuses this page; retrying would not help. */
  refused(reason: string): void;
}

export interface Transport {
  readonly kind: "pywebview" | "loopback" | "fake";
  open(peer: Peer): void;
  /** Sends one batch to the host. Throws if there is no connection. */
  post(text: string): void;
  close(): void;
}
