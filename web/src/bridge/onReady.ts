/** Runs a listener whenever the host can be reached. */
import type { Bridge } from "./bridge";

/** Calls the listener when the host answers a hello, and at once if it has; returns what stops it. */
export function onReady(
  { connection, onConnection }: Pick<Bridge, "connection" | "onConnection">,
  listener: () => void,
): () => void {
  const check = () => {
    if (connection().phase === "ready") listener();
  };
  check();
  return onConnection(check);
}
