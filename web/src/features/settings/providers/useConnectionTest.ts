/** Tests a provider with one tiny request. */
import { useCallback, useState } from "react";
import type { TrialReport, TrialRequest } from "../../../bridge/contract";
import { reasonOf } from "../../../i18n";
import { useSettings } from "../../../settings/useSettings";

export interface ConnectionTest {
  readonly isRunning: boolean;
  readonly report: TrialReport | null;
  /** Why the test itself could not run. */
  readonly problem: string | null;
  run(request: TrialRequest): Promise<void>;
}

type State = Omit<ConnectionTest, "run">;

const NONE: State = { isRunning: false, report: null, problem: null };

export function useConnectionTest(): ConnectionTest {
  const { providers } = useSettings();
  const [state, setState] = useState(NONE);
  const run = useCallback(
    async (request: TrialRequest) => {
      setState({ ...NONE, isRunning: true });
      try {
        setState({ ...NONE, report: await providers.test(request) });
      } catch (error) {
        setState({ ...NONE, problem: reasonOf(error) });
      }
    },
    [providers],
  );
  return { ...state, run };
}
