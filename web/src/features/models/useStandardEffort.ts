/** The efforts that a model takes, and what holds while none is chosen. */
import type { Effort } from "../../bridge/contract";
import type { ModelRef } from "../../conversations/conversation";
import { costs } from "../../i18n/costs";
import { useSettingsState } from "../../settings/useSettings";
import { useModel } from "./useModel";

const NONE: readonly Effort[] = [];

export function useStandardEffort(by: ModelRef | null) {
  const efforts = useModel(by, true)?.efforts ?? NONE;
  const kept = useSettingsState().preferences?.defaultEffort;
  const standard =
    kept != null && efforts.includes(kept)
      ? costs.asInSettings(costs.efforts[kept])
      : costs.effortOwn;
  return { efforts, standard };
}
