/** The efforts that a model supports, and the label of the default. */
import type { Effort } from "../../bridge/contract";
import type { ModelRef } from "../../conversations/conversation";
import { costs } from "../../i18n/costs";
import { useSettingsState } from "../../settings/useSettings";
import { useModel } from "./useModel";

const NONE: readonly Effort[] = [];

export function useStandardEffort(by: ModelRef | null) {
  const efforts = useModel(by, true)?.efforts ?? NONE;
  const stored = useSettingsState().preferences?.defaultEffort;
  const standard =
    stored != null && efforts.includes(stored)
      ? costs.asInSettings(costs.efforts[stored])
      : costs.effortOwn;
  return { efforts, standard };
}
