/** Runs an action, and holds the error message if it is refused. */
import { useCallback, useState } from "react";
import { reasonOf, strings } from "../i18n";

export interface AsyncAction {
  readonly problem: string | null;
  readonly isBusy: boolean;
  attempt(act: Promise<unknown>): void;
}

export function useAsyncAction(): AsyncAction {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(0);
  const attempt = useCallback((act: Promise<unknown>) => {
    setProblem(null);
    setBusy((count) => count + 1);
    act
      .catch((error) => setProblem(strings.refusedAction(reasonOf(error))))
      .finally(() => setBusy((count) => count - 1));
  }, []);
  return { problem, isBusy: busy > 0, attempt };
}
