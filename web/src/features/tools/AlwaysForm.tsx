/** The form for a permanent decision: allow if each argument matches its rule, or never allow. */
import { useCallback, useContext, useId, useState } from "react";
import type { AnswerCall, ArgumentRule, EarlierCalls } from "../../bridge/contract";
import { ConversationsContext } from "../../conversations/useConversations";
import { strings } from "../../i18n";
import { withEscapes } from "../../lib/hiddenCharacters";
import { Button } from "../../ui/Button";
import { Select } from "../../ui/form/SelectField";
import { useRequest } from "../../ui/form/useRequest";
import { namedValues } from "./Arguments";
import { matchesFor, ruleFor } from "./argumentRules";
import type { ApprovalFormProps } from "./decideCall";
import styles from "./tools.module.css";
import { Verbatim } from "./Verbatim";

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
  const earlier = useEarlierCalls(call, rules);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would belong to a form
    <div className="stack" role="group" aria-labelledby={id}>
      <span id={id}>{values.length === 0 ? words.alwaysEvery : words.alwaysTitle}</span>
      {values.map(([name, value]) => {
        const rule = rules[name] ?? ruleFor("any", value);
        const label = withEscapes(name);
        return (
          <div key={name} className="wrap">
            <span className="mono">{label}</span>
            <Select
              aria-label={words.rule(label)}
              value={rule.match}
              options={matchesFor(value).map((match) => [match, words.rules[match]])}
              onChange={(match) => change(name, ruleFor(match, value))}
            />
            {rule.match !== "any" && (
              <input
                type="text"
                className={styles.value}
                dir="ltr"
                spellCheck={false}
                aria-label={words.ruleValue(label)}
                value={rule.value}
                onChange={(event) => change(name, { ...rule, value: event.target.value })}
              />
            )}
            {withEscapes(rule.value) !== rule.value && (
              <span className="mono">
                <Verbatim text={rule.value} />
              </span>
            )}
          </div>
        );
      })}
      <p role="status">
        {earlier !== null && earlier.calls > 0 && words.earlier(earlier.matching, earlier.calls)}
      </p>
      <div className="wrap">
        <Button
          isFree={isFree}
          onClick={() => onDecide({ verdict: "allow", scope: "always", pattern: rules })}
        >
          {words.alwaysAllow}
        </Button>
        <Button
          isFree={isFree}
          tone="destructive"
          onClick={() => onDecide({ verdict: "deny", scope: "always" })}
        >
          {words.never}
        </Button>
      </div>
    </div>
  );
}

/** How many of the tool's latest calls these rules would have allowed; null until that is known. */
function useEarlierCalls(
  { tool, source }: AnswerCall,
  rules: Readonly<Record<string, ArgumentRule>>,
): EarlierCalls | null {
  const conversations = useContext(ConversationsContext);
  const pattern = JSON.stringify(rules);
  const request = useCallback(
    async () =>
      conversations?.client.conversations.earlierCalls({
        tool,
        source,
        pattern: JSON.parse(pattern),
      }) ?? null,
    [conversations, tool, source, pattern],
  );
  // If they cannot be read, the form does not mention them.
  return useRequest(request).value;
}
