/** A button that shows how full the model's context is, and opens the usage of the conversation. */
import { strings } from "../../i18n";
import { count } from "../../i18n/format";
import { lazyPart } from "../../ui/lazyPart";
import { Popover } from "../../ui/Popover";
import { WaterLevel } from "../../ui/Wave";
import styles from "./ContextUsage.module.css";
import { useContextUsage } from "./useContextUsage";

const SpendingPanel = lazyPart(async () => (await import("./SpendingPanel")).SpendingPanel);

/** `id` is the open conversation's. */
export function ContextUsage({ id }: { readonly id: string }) {
  const contextFill = useContextUsage();
  if (contextFill === null) return null;
  const { part, sentence, isNearlyFull, tokens } = contextFill;
  return (
    <Popover
      role="dialog"
      aria-label={strings.spending.title}
      button={(props) => (
        <button
          {...props}
          type="button"
          className={styles.button}
          aria-label={strings.spending.label(sentence)}
          title={sentence}
          data-nearly-full={isNearlyFull}
        >
          {part === null ? strings.spending.short(count(tokens)) : <WaterLevel part={part} />}
        </button>
      )}
    >
      {() => <SpendingPanel id={id} contextFill={contextFill} />}
    </Popover>
  );
}
