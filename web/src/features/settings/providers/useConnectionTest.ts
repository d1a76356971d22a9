/** Tests a provider with one tiny request. */
import { useCallback, useState } from "react";
import type { TrialReport, TrialRequest } from "../../../bridge/contract";
import { useSettings } from "../../../settings/useSettings";
import { useAsyncAction } from "../../../ui/useAsyncAction";

export type ConnectionTest = ReturnType<typeof useConnectionTest>;

/** `reason` says why the test itself could not run. */
export function useConnectionTest() {
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
  return { isBusy, report, reason, run };
}
