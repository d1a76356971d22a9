/** A button that shows how full the model's context is, and opens the usage of the conversation. */
import { useState } from "react";
import type { Spent } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { reasonOf, strings } from "../../i18n";
import { count, money, percent } from "../../i18n/format";
import { Popover } from "../../ui/Popover";
import { Problem } from "../../ui/Problem";
import { WaterLevel } from "../../ui/Wave";
import styles from "./ContextUsage.module.css";
import { type ContextFill, partOf, useContextUsage } from "./useContextUsage";

/** The share above which the context counts as nearly full. */
const NARROW = 0.8;

export interface ContextUsageProps {
  /** The open conversation's id. */
  readonly id: string;
}

export function ContextUsage({ id }: ContextUsageProps) {
  const conversations = useConversations();
  const filling = useContextUsage();
  const [spent, setSpent] = useState<Spent | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  if (filling === null) return null;
  const part = partOf(filling);

  function load(): void {
    setProblem(null);
    conversations.spent(id).then(setSpent, (error) => setProblem(reasonOf(error)));
  }

  return (
    <Popover
      role="dialog"
      aria-label={strings.spending.title}
      onOpen={load}
      button={(props) => (
        <button
          {...props}
          type="button"
          className={styles.button}
          aria-label={strings.spending.label(sentenceOf(filling))}
          title={sentenceOf(filling)}
          data-narrow={part !== null && part > NARROW}
        >
          {part === null ? (
            strings.spending.short(count(filling.tokens))
          ) : (
            <WaterLevel part={part} />
          )}
        </button>
      )}
    >
      {() => (
        <div className={styles.panel}>
          <h2>{strings.spending.context}</h2>
          {part !== null && (
            // biome-ignore lint/a11y/useSemanticElements: web views draw a <meter> differently
            <div
              className={styles.bar}
              role="meter"
              aria-label={strings.spending.context}
              aria-valuemin={0}
              aria-valuemax={filling.limit ?? 0}
              aria-valuenow={Math.min(filling.tokens, filling.limit ?? 0)}
              aria-valuetext={sentenceOf(filling)}
              data-narrow={part > NARROW}
            >
              <span style={{ inlineSize: percentOf(part) }} />
            </div>
          )}
          <p>
            {sentenceOf(filling)}
            {part !== null && ` (${percent(part)})`}
          </p>
          {part !== null && part > NARROW && (
            <p className={styles.narrow}>{strings.spending.narrow}</p>
          )}
          <h2>{strings.spending.title}</h2>
          <Problem>{problem}</Problem>
          {spent !== null && <Sums spent={spent} />}
        </div>
      )}
    </Popover>
  );
}

function Sums({ spent }: { readonly spent: Spent }) {
  const { answers, inputTokens, outputTokens, cost, unpriced } = spent;
  const isPriced = answers > unpriced;
  return (
    <>
      <dl className={styles.sums}>
        <dt>{strings.spending.answers}</dt>
        <dd>{count(answers)}</dd>
        <dt>{strings.spending.read}</dt>
        <dd>{count(inputTokens)}</dd>
        <dt>{strings.spending.written}</dt>
        <dd>{count(outputTokens)}</dd>
        {isPriced && (
          <>
            <dt>{strings.spending.cost}</dt>
            <dd>{money(cost)}</dd>
          </>
        )}
      </dl>
      <p className={styles.note}>
        {isPriced ? strings.spending.estimate : strings.spending.free}
        {isPriced && unpriced > 0 && ` ${strings.spending.unpriced(unpriced)}`}
      </p>
    </>
  );
}

function sentenceOf({ tokens, limit, isEstimated }: ContextFill): string {
  const taken = isEstimated ? strings.spending.about(count(tokens)) : count(tokens);
  return limit === null
    ? strings.spending.tokens(taken)
    : strings.spending.tokensOf(taken, count(limit));
}

const percentOf = (part: number): string => `${Math.round(part * 1000) / 10}%`;
