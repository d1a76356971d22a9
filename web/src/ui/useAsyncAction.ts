/** Runs an action, and holds the error message if it is refused. */
import { useCallback, useState } from "react";
import { reasonOf, strings } from "../i18n";

export interface AsyncAction {
  /** The error message, and a sentence with it. */
  readonly reason: string | null;
  readonly problem: string | null;
  readonly isBusy: boolean;
  attempt(act: Promise<unknown>): void;
}

export function useAsyncAction(): AsyncAction {
  const [reason, setReason] = useState<string | null>(null);
  const [busy, setBusy] = useState(0);
  const attempt = useCallback((act: Promise<unknown>) => {
    setReason(null);
    setBusy((count) => count + 1);
    act.catch((error) => setReason(reasonOf(error))).finally(() => setBusy((count) => count - 1));
  }, []);
  return { reason, problem: reason && strings.refusedAction(reason), isBusy: busy > 0, attempt };
}
