/** Host: what every peer's page can ask of its program, each in its own way. */
import type { Recorder } from "./recorder";

export interface Echo {
  readonly number: number;
  readonly text: string;
}

/** Where tokens are about to come from. */
export interface Source {
  readonly way: string;
  /** Counts the measurements of a program up. */
  readonly run: number;
  readonly streams: number;
  /** A WebSocket's address, for the way that needs one. */
  readonly address: string;
}

/** The five questions; those and their answers that are texts hold JSON. */
export interface Host {
  /** The next order; answered when there is one. */
  next(): Promise<string>;
  /** An order was carried out. */
  report(text: string): Promise<unknown>;
  /** The host's clock, in milliseconds. */
  clock(): Promise<number>;
  echo(value: Echo): Promise<Echo>;
  /** From now on tokens come from there; resolves when they can. */
  listen(source: Source, recorder: Recorder): Promise<unknown>;
}
