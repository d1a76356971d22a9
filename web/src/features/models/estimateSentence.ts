/** Describes the cost of a message: tokens, price, and the messages that would be left out. */
import type { Estimate } from "../../bridge/contract";
import { costs } from "../../i18n/costs";
import { count, money } from "../../i18n/format";

export function estimateSentence(estimate: Estimate): string {
  const { inputTokens, exact, inputCost, mostCost, leftOut } = estimate;
  const tokens = costs.inputTokens(count(inputTokens));
  const facts = [exact ? tokens : costs.about(tokens)];
  if (inputCost !== null && mostCost !== null && mostCost > 0) {
    facts.push(costs.priceBefore(money(inputCost), money(mostCost)));
  }
  if (leftOut > 0) facts.push(costs.leftOut(leftOut));
  return facts.join(" · ");
}
