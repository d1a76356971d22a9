/** Tests a provider with one tiny request. */
import { useCallback, useState } from "react";
import type { TrialReport, TrialRequest } from "../../../bridge/contract";
import { useSettings } from "../../../settings/useSettings";
import { useAsyncAction } from "../../../ui/useAsyncAction";

export interface ConnectionTest {
  readonly isRunning: boolean;
  readonly report: TrialReport | null;
  /** Why the test itself could not run. */
  readonly problem: string | null;
  run(request: TrialRequest): void;
}

export function useConnectionTest(): ConnectionTest {
  const { test } = useSettings();
  const [report, setReport] = useState<TrialReport | null>(null);
  const { reason, isBusy, attempt } = useAsyncAction();
  const run = useCallback(
    (request: TrialRequest) => {
      setReport(null);
      attempt(test(request).then(setReport));
    },
    [test, attempt],
  );
  return { isRunning: isBusy, report, problem: reason, run };
}
