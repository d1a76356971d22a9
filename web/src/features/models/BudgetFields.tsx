/** A budget in dollars, in tokens, or in both. */
import type { Budget } from "../../bridge/contract";
import { costs } from "../../i18n/costs";
import { NumberField } from "../../ui/form/NumberField";

const CENTS = 100;
const MOST_CENTS = 100_000_000;
const MOST_TOKENS = 1_000_000_000_000;

export interface BudgetFieldsProps {
  readonly label: string;
  readonly hint: string;
  readonly budget: Budget | null;
  readonly save: (budget: Budget | null) => Promise<unknown>;
}

export function BudgetFields({ label, hint, budget, save }: BudgetFieldsProps) {
  const { usd = null, tokens = null } = budget ?? {};
  const change = (part: Partial<Budget>) => {
    const next = { usd, tokens, ...part };
    return save(next.usd === null && next.tokens === null ? null : next);
  };
  return (
    <>
      <NumberField
        label={costs.inDollars(label)}
        hint={hint}
        unit="$"
        value={usd === null ? null : Math.round(usd * CENTS)}
        least={1}
        most={MOST_CENTS}
        scale={CENTS}
        mayBeEmpty
        save={(cents) => change({ usd: cents === null ? null : cents / CENTS })}
      />
      <NumberField
        label={costs.inTokens(label)}
        hint=""
        value={tokens}
        least={1}
        most={MOST_TOKENS}
        mayBeEmpty
        save={(limit) => change({ tokens: limit })}
      />
    </>
  );
}
