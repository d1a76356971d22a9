/** All arguments of a call, in full. */
import type { JsonValue } from "../../bridge/contract";
import { strings } from "../../i18n";
import { TextBlock } from "./TextBlock";

export interface ArgumentsProps {
  readonly label: string;
  /** An object, or the model's text if it wrote no object. */
  readonly values: JsonValue;
}

export function Arguments({ label, values }: ArgumentsProps) {
  const entries = namedValues(values);
  if (entries === null) {
    return (
      <TextBlock label={label} text={typeof values === "string" ? values : jsonTextOf(values)} />
    );
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would belong to a form
    <div className="stack" role="group" aria-label={label}>
      {entries.length === 0 && <p className="soft">{strings.tools.noArguments}</p>}
      {entries.map(([name, value]) => (
        <TextBlock key={name} label={name} text={jsonTextOf(value)} />
      ))}
    </div>
  );
}

/** The arguments by name; null if they are no object. */
export function namedValues(values: JsonValue | undefined): [string, JsonValue][] | null {
  const isNamed = typeof values === "object" && values !== null && !Array.isArray(values);
  return isNamed ? Object.entries(values) : null;
}

/** A text of several lines as it is, everything else as JSON. */
function jsonTextOf(value: JsonValue): string {
  const isText = typeof value === "string" && value.includes("\n");
  return isText ? value : JSON.stringify(value, null, 2);
}
