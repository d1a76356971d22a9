/** Repeats what failed because the host could not be reached, once it answers again. */
import { createContext, useContext, useState } from "react";
import type { Connection } from "../../bridge/bridge";
import { failureOf } from "../../bridge/hostError";

/** The connection to the host; null outside of the app. */
export const ConnectionContext = createContext<Connection | null>(null);

export interface HostRetry {
  /** Changes when it is time to try again: a dependency of the effect that tries. */
  readonly attempt: number;
  /** Takes in a failure; returns whether another attempt will follow. */
  readonly willRetry: (error: unknown) => boolean;
}

export function useHostRetry(): HostRetry {
  const connection = useContext(ConnectionContext);
  const [attempt, setAttempt] = useState(0);
  /** The connection that the lost attempt was made with. */
  const [lost, setLost] = useState<Connection | null>(null);
  if (lost !== null && connection !== lost && connection?.phase === "ready") {
    setLost(null);
    setAttempt(attempt + 1);
  }
  return {
    attempt,
    willRetry(error) {
      const isLost = connection !== null && failureOf(error).code === "HOST_LOST";
      if (isLost) setLost(connection);
      return isLost;
    },
  };
}
