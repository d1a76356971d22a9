/** The budgets, and the cost of answers by day, model or conversation. */
import { useCallback, useEffect, useState } from "react";
import type { BudgetScope, UsageGroup, UsageRow } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { strings } from "../../i18n";
import { costs } from "../../i18n/costs";
import { count, dateOf, money } from "../../i18n/format";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { Field } from "../../ui/form/Field";
import formStyles from "../../ui/form/form.module.css";
import { Select } from "../../ui/form/SelectField";
import { Notice, Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { BudgetFields } from "../models/BudgetFields";
import { CostChart } from "./CostChart";
import styles from "./Costs.module.css";

const SCOPES: readonly BudgetScope[] = ["answer", "conversation", "day", "month"];
const GROUPS: readonly UsageGroup[] = ["day", "model", "conversation"];

export function Costs() {
  return (
    <>
      <Budgets />
      <UsageTable />
    </>
  );
}

function Budgets() {
  const { update, get } = useSettings();
  const { preferences } = useSettingsState();
  if (preferences === null) return null;
  const { budgets } = preferences;

  return (
    <section className={formStyles.section}>
      <h3>{costs.budgets}</h3>
      <p className={formStyles.text}>{costs.budgetsText}</p>
      {SCOPES.map((scope) => (
        <BudgetFields
          key={scope}
          label={costs.scopes[scope]}
          hint={costs.scopeHints[scope]}
          budget={budgets[scope]}
          save={(budget) =>
            update({ budgets: { ...(get().preferences?.budgets ?? budgets), [scope]: budget } })
          }
        />
      ))}
    </section>
  );
}

function UsageTable() {
  const { conversations: host } = useConversations().client;
  const [by, setBy] = useState<UsageGroup>("day");
  const [loaded, setLoaded] = useState<Partial<Record<UsageGroup, readonly UsageRow[]>>>({});
  const rows = loaded[by] ?? null;
  const [notice, setNotice] = useState<string | null>(null);
  const { problem, isBusy, attempt } = useAsyncAction();

  const load = useCallback(
    async (group: UsageGroup) => {
      const found = await host.usage(group);
      setLoaded((before) => ({ ...before, [group]: found }));
    },
    [host],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each choice
  useEffect(() => attempt(load(by)), [load, by]);

  async function saveCsv(): Promise<void> {
    setNotice(null);
    setNotice(strings.exported(await host.saveUsage(by)));
  }

  return (
    <section className={formStyles.section}>
      <h3>{costs.usage}</h3>
      <p className={formStyles.text}>{costs.usageText}</p>
      <Field label={costs.by}>
        {(names) => (
          <Select
            {...names}
            value={by}
            options={GROUPS.map((group) => [group, costs.groups[group]])}
            onChange={setBy}
          />
        )}
      </Field>
      {by === "day" && rows !== null && rows.length > 1 && <CostChart days={rows} />}
      {rows?.length === 0 && <p>{costs.noUsage}</p>}
      {rows !== null && rows.length > 0 && (
        <div className={styles.scroll}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{costs.groups[by]}</th>
                <th scope="col">{costs.calls}</th>
                <th scope="col">{costs.input}</th>
                <th scope="col">{costs.output}</th>
                <th scope="col">{costs.cost}</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.key}>
                  <th scope="row" dir="auto">
                    {nameOf(row, by)}
                  </th>
                  <td>{count(row.calls)}</td>
                  <td>{count(row.inputTokens)}</td>
                  <td>{count(row.outputTokens)}</td>
                  <td>
                    {money(row.usd)}
                    {row.unpricedTokens > 0 && (
                      <small>{costs.unpriced(count(row.unpricedTokens))}</small>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <Button className={formStyles.start} isFree={!isBusy} onClick={() => attempt(saveCsv())}>
        {costs.saveCsv}
      </Button>
      <Notice>{notice}</Notice>
      <Problem>{problem}</Problem>
    </section>
  );
}

function nameOf({ key, title }: UsageRow, by: UsageGroup): string {
  if (by === "day") return dateOf(key);
  return by === "model" ? key : title || costs.noTitle;
}
