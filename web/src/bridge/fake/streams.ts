/** Replays recorded streams by name, from files that the host's own tests use as well. */
import type { AnyEvent } from "../contract";
import type { Step } from "./script";

const FILES = import.meta.glob<string>("../../../../tests/streams/*.jsonl", {
  query: "?raw",
  import: "default",
  eager: true,
});
const STREAMS = new Map(
  Object.entries(FILES).map(([path, text]) => [/([^/]+)\.jsonl$/.exec(path)?.[1] ?? path, text]),
);

export const isRecorded = (name: string): boolean => STREAMS.has(name);

/** The events of a recording, with the recorded delays. */
export function* replay(name: string): Generator<Step> {
  let ms = 0;
  for (const line of (STREAMS.get(name) ?? "").trim().split("\n")) {
    const event: AnyEvent = JSON.parse(line);
    yield { kind: "wait", ms: event.ms - ms };
    yield { kind: "event", event };
    ms = event.ms;
  }
}
