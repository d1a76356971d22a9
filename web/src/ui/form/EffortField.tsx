/** How much a model thinks, or as it does by itself. */
import type { Effort } from "../../bridge/contract";
import { costs } from "../../i18n/costs";
import { SelectField } from "./SelectField";

export const EFFORTS: readonly Effort[] = ["off", "low", "medium", "high", "max"];

export interface EffortFieldProps {
  readonly efforts: readonly Effort[];
  readonly kept: Effort | null;
  /** What holds where none is chosen. */
  readonly standard: string;
  readonly save: (effort: Effort | null) => Promise<unknown>;
}

export function EffortField({ efforts, kept, standard, save }: EffortFieldProps) {
  return (
    <SelectField
      label={costs.effort}
      hint={costs.effortHint}
      // What another model was asked is not asked of this one.
      value={efforts.find((one) => one === kept) ?? ""}
      save={(value) => save(efforts.find((one) => one === value) ?? null)}
    >
      <option value="">{standard}</option>
      {efforts.map((one) => (
        <option key={one} value={one}>
          {costs.efforts[one]}
        </option>
      ))}
    </SelectField>
  );
}
