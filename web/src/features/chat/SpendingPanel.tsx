/** The fill of the model's context window, and the conversation's usage and cost. */
import { useEffect, useState } from "react";
import type { Spent } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { reasonOf, strings } from "../../i18n";
import { costs } from "../../i18n/costs";
import { count, money, percent } from "../../i18n/format";
import { Problem } from "../../ui/Problem";
import styles from "./ContextUsage.module.css";
import type { ContextFill } from "./useContextUsage";

export interface SpendingPanelProps {
  /** The open conversation's id. */
  readonly id: string;
  readonly contextFill: ContextFill;
}

export function SpendingPanel({ id, contextFill }: SpendingPanelProps) {
  const { spent: fetchSpent } = useConversations().client.conversations;
  const [spent, setSpent] = useState<Spent | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const { tokens, limit, part, isNearlyFull, sentence } = contextFill;

  useEffect(() => {
    fetchSpent(id).then(setSpent, (error) => setProblem(reasonOf(error)));
  }, [fetchSpent, id]);

  return (
    <div className={styles.panel}>
      <h2>{strings.spending.context}</h2>
      {part !== null && (
        // biome-ignore lint/a11y/useSemanticElements: every web view draws a <meter> its own way
        <div
          className={styles.bar}
          role="meter"
          aria-label={strings.spending.context}
          aria-valuemin={0}
          aria-valuemax={limit ?? 0}
          aria-valuenow={Math.min(tokens, limit ?? 0)}
          aria-valuetext={sentence}
          data-nearly-full={isNearlyFull}
        >
          <span style={{ inlineSize: percentOf(part) }} />
        </div>
      )}
      <p>
        {sentence}
        {part !== null && ` (${percent(part)})`}
      </p>
      {isNearlyFull && <p className="bad">{costs.soFar.nearlyFull}</p>}
      <h2>{strings.spending.title}</h2>
      <Problem>{problem}</Problem>
      {spent !== null && <Sums spent={spent} />}
    </div>
  );
}

function Sums({ spent }: { readonly spent: Spent }) {
  const { answers, inputTokens, outputTokens, cost, unpriced } = spent;
  const isPriced = answers > unpriced;
  return (
    <>
      <dl className={styles.sums}>
        <dt>{costs.soFar.answers}</dt>
        <dd>{count(answers)}</dd>
        <dt>{costs.soFar.read}</dt>
        <dd>{count(inputTokens)}</dd>
        <dt>{costs.soFar.written}</dt>
        <dd>{count(outputTokens)}</dd>
        {isPriced && (
          <>
            <dt>{costs.soFar.cost}</dt>
            <dd>{money(cost)}</dd>
          </>
        )}
      </dl>
      <p className="faint">
        {isPriced ? costs.soFar.estimate : costs.soFar.free}
        {isPriced && unpriced > 0 && ` ${costs.soFar.unpriced(unpriced)}`}
      </p>
    </>
  );
}

const percentOf = (part: number): string => `${Math.round(part * 1000) / 10}%`;
