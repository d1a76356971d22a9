/** The form for a permanent decision: allow if each argument matches its rule, or never allow. */
import { useId, useState } from "react";
import type { ArgumentRule } from "../../bridge/contract";
import { strings } from "../../i18n";
import { withEscapes } from "../../lib/hiddenCharacters";
import { Button } from "../../ui/Button";
import parts from "../../ui/form/form.module.css";
import { namedValues } from "./Arguments";
import { type Match, matchesFor, ruleFor } from "./argumentRules";
import type { ApprovalFormProps } from "./decideCall";
import styles from "./tools.module.css";

export function AlwaysForm({ call, isFree, onDecide }: ApprovalFormProps) {
  const values = namedValues(call.arguments) ?? [];
  const words = strings.tools;
  const id = useId();
  /** Starts with exactly the arguments of this call. */
  const [rules, setRules] = useState<Readonly<Record<string, ArgumentRule>>>(() =>
    Object.fromEntries(
      values.map(([name, value]) => [name, ruleFor(matchesFor(value)[0] ?? "any", value)]),
    ),
  );
  const change = (name: string, rule: ArgumentRule) => setRules({ ...rules, [name]: rule });
  const chosen = Object.entries(rules).filter(([, { match }]) => match !== "any");
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would belong to a form
    <div className={styles.form} role="group" aria-labelledby={id}>
      <span id={id}>{values.length === 0 ? words.alwaysEvery : words.alwaysTitle}</span>
      {values.map(([name, value]) => {
        const rule = rules[name] ?? ruleFor("any", value);
        const label = withEscapes(name);
        return (
          <div key={name} className={styles.rule}>
            <span>{label}</span>
            <select
              aria-label={words.rule(label)}
              value={rule.match}
              onChange={(event) => change(name, ruleFor(event.target.value as Match, value))}
            >
              {matchesFor(value).map((match) => (
                <option key={match} value={match}>
                  {words.rules[match]}
                </option>
              ))}
            </select>
            {rule.match !== "any" && (
              <input
                type="text"
                dir="ltr"
                spellCheck={false}
                aria-label={words.ruleValue(label)}
                value={rule.value}
                onChange={(event) => change(name, { ...rule, value: event.target.value })}
              />
            )}
          </div>
        );
      })}
      <div className={styles.buttons}>
        <Button
          isFree={isFree}
          onClick={() =>
            onDecide({ verdict: "allow", scope: "always", pattern: Object.fromEntries(chosen) })
          }
        >
          {words.alwaysAllow}
        </Button>
        <Button
          isFree={isFree}
          className={parts.grave}
          onClick={() => onDecide({ verdict: "deny", scope: "always" })}
        >
          {words.never}
        </Button>
      </div>
    </div>
  );
}
