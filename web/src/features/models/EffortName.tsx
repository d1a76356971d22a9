/** The chosen effort, shown after the name of a model that supports it. */
import type { Defaults, Effort } from "../../bridge/contract";
import { costs } from "../../i18n/costs";
import { useModel } from "./useModel";

export interface EffortNameProps {
  readonly by: Defaults;
  readonly effort: Effort;
}

export function EffortName({ by, effort }: EffortNameProps) {
  const { efforts = [] } = useModel(by, true) ?? {};
  return efforts.includes(effort) && <span>{costs.effortOf(costs.efforts[effort])}</span>;
}
