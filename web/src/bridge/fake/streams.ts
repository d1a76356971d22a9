/** Recorded streams, played by name: the files that the host's own tests read, too. */
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

/** The events of a recording, each as long after the one before it as it was recorded. */
export function* replay(name: string): Generator<Step> {
  let ms = 0;
  for (const line of (STREAMS.get(name) ?? "").trim().split("\n")) {
    const event: AnyEvent = JSON.parse(line);
    yield { kind: "wait", ms: event.ms - ms };
    yield { kind: "event", event };
    ms = event.ms;
  }
}
