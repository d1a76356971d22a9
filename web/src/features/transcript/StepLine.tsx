/** The current step of a run with tools, and the fill of the tightest budget. */
import type { StepEvent } from "../../bridge/contract";
import { costs } from "../../i18n/costs";
import { count, money } from "../../i18n/format";
import styles from "./AssistantMessage.module.css";

export type StepLineProps = Pick<StepEvent, "step" | "maxSteps" | "cost" | "budget">;

export function StepLine({ step, maxSteps, cost, budget }: StepLineProps) {
  const show = budget?.unit === "tokens" ? count : money;
  const spent =
    budget === undefined
      ? cost && money(cost)
      : costs.spentOf[budget.unit](show(budget.spent), show(budget.limit));
  return (
    <p className={styles.notice}>
      {[costs.step(count(step), count(maxSteps)), spent].filter(Boolean).join(" · ")}
    </p>
  );
}
