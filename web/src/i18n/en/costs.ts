/** English, of how much a model thinks, and of what answers cost. */
import type { BudgetScope, BudgetUnit, Effort } from "../../bridge/contract";

const EFFORTS: Readonly<Record<Effort, string>> = {
  off: "Off",
  low: "Low",
  medium: "Medium",
  high: "High",
  max: "Maximum",
};
const REACHED: Readonly<Record<BudgetScope, string>> = {
  answer: "The budget of this answer is used up.",
  conversation: "The budget of this conversation is used up.",
  day: "Today's budget is used up.",
  month: "This month's budget is used up.",
};
const SPENT: Readonly<Record<BudgetUnit, (spent: string, limit: string) => string>> = {
  usd: (spent, limit) => `${spent} of ${limit}`,
  tokens: (spent, limit) => `${spent} of ${limit} tokens`,
};
const NEEDED: Readonly<Record<BudgetUnit, (needed: string) => string>> = {
  usd: (needed) => `The next step may cost ${needed} or more.`,
  tokens: (needed) => `The next step may take ${needed} tokens or more.`,
};
const MORE: Readonly<Record<BudgetUnit, string>> = { usd: "US dollars", tokens: "Tokens" };
const GO_ON: Readonly<Record<BudgetUnit, (more: string) => string>> = {
  usd: (more) => `Go on with ${more} more`,
  tokens: (more) => `Go on with ${more} more tokens`,
};

export const costsInEnglish = {
  effort: "Effort",
  effortHint: "How much the model thinks before it answers.",
  efforts: EFFORTS,
  effortOf: (effort: string) => `· ${effort} effort`,
  modelsOwn: "Model default",

  step: (step: string, most: string) => `Step ${step} of ${most}`,
  spentOf: SPENT,
  reached: "Budget reached",
  reachedBy: REACHED,
  priceUnknown: "The price of this model isn't known. Choose how many tokens it may take.",
  needed: NEEDED,
  more: MORE,
  goOn: GO_ON,
} as const;
