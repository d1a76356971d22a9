/** A button that shows how full the model's context is, and opens the usage of the conversation. */
import { strings } from "../../i18n";
import { count } from "../../i18n/format";
import { lazyPart } from "../../ui/lazyPart";
import { Popover } from "../../ui/Popover";
import { WaterLevel } from "../../ui/Wave";
import styles from "./ContextUsage.module.css";
import { NARROW, partOf, sentenceOf, useContextUsage } from "./useContextUsage";

const SpendingPanel = lazyPart(async () => (await import("./SpendingPanel")).SpendingPanel);

export interface ContextUsageProps {
  /** The open conversation's id. */
  readonly id: string;
}

export function ContextUsage({ id }: ContextUsageProps) {
  const filling = useContextUsage();
  if (filling === null) return null;
  const part = partOf(filling);
  return (
    <Popover
      role="dialog"
      aria-label={strings.spending.title}
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
      {() => <SpendingPanel id={id} filling={filling} />}
    </Popover>
  );
}
