/** All arguments of a call, each whole. */
import type { JsonValue } from "../../bridge/contract";
import { strings } from "../../i18n";
import { TextBlock } from "./TextBlock";
import styles from "./tools.module.css";

export interface ArgumentsProps {
  readonly label: string;
  /** An object; else the text that the model wrote in its place. */
  readonly values: JsonValue;
}

export function Arguments({ label, values }: ArgumentsProps) {
  const named = namedValues(values);
  if (named === null) {
    return <TextBlock label={label} text={typeof values === "string" ? values : textOf(values)} />;
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be a form's
    <div className={styles.arguments} role="group" aria-label={label}>
      {named.length === 0 && <p className={styles.none}>{strings.tools.noArguments}</p>}
      {named.map(([name, value]) => (
        <TextBlock key={name} label={name} text={textOf(value)} />
      ))}
    </div>
  );
}

/** The arguments by name; null for what is not an object. */
export function namedValues(values: JsonValue | undefined): [string, JsonValue][] | null {
  const isNamed = typeof values === "object" && values !== null && !Array.isArray(values);
  return isNamed ? Object.entries(values) : null;
}

/** A text of several lines as it is, everything else as JSON. */
function textOf(value: JsonValue): string {
  const isText = typeof value === "string" && value.includes("\n");
  return isText ? value : JSON.stringify(value, null, 2);
}
