/** The card of an answer that stopped at a budget: the amount spent, and buttons to raise it. */
import { useId, useRef, useState } from "react";
import type { BudgetPause, BudgetRaise } from "../../bridge/contract";
import { strings } from "../../i18n";
import { costs } from "../../i18n/costs";
import { count, money } from "../../i18n/format";
import { Button } from "../../ui/Button";
import { Notice } from "../../ui/Problem";
import styles from "../tools/tools.module.css";
import { useGuard } from "../tools/useGuard";

export interface BudgetCardProps {
  readonly pause: BudgetPause;
  readonly isFree: boolean;
  readonly onRaise: (more: BudgetRaise) => void;
}

export function BudgetCard({ pause, isFree, onRaise }: BudgetCardProps) {
  const { scope, unit, spent, limit, needed, priced } = pause;
  const card = useRef<HTMLElement>(null);
  const guard = useGuard(card);
  const id = useId();
  const [text, setText] = useState(String(pause.more));
  const show = unit === "usd" ? money : count;
  const more = unit === "usd" ? Number(text) : Math.round(Number(text));
  const isAmount = more > 0 && Number.isFinite(more);

  function onContinue(): void {
    if (isAmount && isFree && guard.press()) onRaise({ scope, [unit]: more });
  }

  return (
    <section
      ref={card}
      className={styles.approval}
      aria-label={costs.reached}
      data-approval
      tabIndex={-1}
    >
      <p className={styles.question}>
        {priced ? costs.reachedBy[scope] : costs.priceUnknown}{" "}
        {limit > 0 && costs.spentOf[unit](show(spent), show(limit))}
      </p>
      <p>{costs.needed[unit](show(needed))}</p>
      <div className="stack">
        <label htmlFor={id}>{costs.more[unit]}</label>
        <input
          id={id}
          type="number"
          inputMode="decimal"
          min={0}
          step="any"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => event.key === "Enter" && onContinue()}
        />
      </div>
      <div className="wrap">
        <Button isFree={isAmount && isFree && guard.isReady} onClick={onContinue}>
          {costs.continueWith[unit](isAmount ? show(more) : "")}
        </Button>
      </div>
      <Notice>{guard.isEarly ? strings.tools.pressedEarly : null}</Notice>
    </section>
  );
}
