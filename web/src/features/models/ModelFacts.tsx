/** A model's abilities, context size and prices. */
import type { ReactNode } from "react";
import type { ModelSummary } from "../../bridge/contract";
import { strings } from "../../i18n";
import { costs } from "../../i18n/costs";
import { dateOf } from "../../i18n/format";
import { EyeIcon, FileIcon, ThoughtIcon, ToolIcon } from "../../ui/icons";
import styles from "./ModelFacts.module.css";

const ABILITIES = ["images", "files", "tools", "reasoning"] as const;
const ICONS: Readonly<Record<(typeof ABILITIES)[number], ReactNode>> = {
  images: <EyeIcon />,
  files: <FileIcon />,
  tools: <ToolIcon />,
  reasoning: <ThoughtIcon />,
};

export function Facts({ model }: { readonly model: ModelSummary }) {
  const abilities = ABILITIES.filter((name) => model[name]);
  const numbers = numbersOf(model, strings.price).join(" · ");
  return (
    <span className={styles.facts}>
      {abilities.length > 0 && (
        <span className={styles.abilities}>
          {abilities.map((name) => (
            <span key={name} title={strings.abilities[name]}>
              {ICONS[name]}
            </span>
          ))}
          <span className="visually-hidden">{`, ${abilitiesOf(model).join(", ")}, `}</span>
        </span>
      )}
      {numbers !== "" && <span>{numbers}</span>}
    </span>
  );
}

/** The same facts as text, for tooltips and screen readers. */
export function factsInWords(model: ModelSummary): string {
  const date = model.priceDate && dateOf(model.priceDate);
  const numbers = numbersOf(model, (input, output) => costs.priceInWords(input, output, date));
  return [...abilitiesOf(model), ...numbers].join(" · ");
}

const abilitiesOf = (model: ModelSummary): string[] =>
  ABILITIES.filter((name) => model[name]).map((name) => strings.abilities[name]);

function numbersOf(
  { contextTokens, inputPrice, outputPrice }: ModelSummary,
  priceIn: (input: number, output: number) => string,
): string[] {
  const context = contextTokens === null ? [] : [strings.context(contextTokens)];
  const isPriced = inputPrice !== null && outputPrice !== null;
  return isPriced ? [...context, priceIn(inputPrice, outputPrice)] : context;
}
