/** A provider: its key, its connection test and its models. */
import { useEffect, useRef } from "react";
import type { KeyStatus, ProviderSummary } from "../../../bridge/contract";
import { strings } from "../../../i18n";
import { settingsTexts as words } from "../../../i18n/settings";
import { useSettingsState } from "../../../settings/useSettings";
import { Button } from "../../../ui/Button";
import formStyles from "../../../ui/form/form.module.css";
import { Problem } from "../../../ui/Problem";
import { useAsyncAction } from "../../../ui/useAsyncAction";
import { usePrefer } from "../Defaults";
import type { AddedProvider } from "./AddForm";
import { TestResult, useConnectionTest } from "./ConnectionTest";
import { KeyField } from "./KeyField";
import { ProviderModels } from "./ProviderModels";
import styles from "./Providers.module.css";

export interface ProviderProps {
  readonly provider: ProviderSummary;
  readonly status: KeyStatus | null;
  /** Set if it was just added, so that the focus moves here. */
  readonly added: AddedProvider | null;
  readonly onRemove: () => void;
}

export function Provider({ provider, status, added, onRemove }: ProviderProps) {
  const { preferences } = useSettingsState();
  const prefer = usePrefer();
  const trial = useConnectionTest();
  const { problem, attempt } = useAsyncAction();
  const card = useRef<HTMLLIElement>(null);
  const { id, name, host, local, takesKey, needsKey, hasKey, removable } = provider;
  const isPreferred = preferences?.defaultProvider === id;
  const state = provider.problem === null ? "ready" : needsKey && !hasKey ? "needsKey" : "notReady";
  const use = !isPreferred && state === "ready" && (
    <Button tone="filled" onClick={() => attempt(prefer(id, null))}>
      {words.useInNewChats}
    </Button>
  );
  const remove = removable && (
    <Button tone="quiet" onClick={onRemove}>
      {strings.remove}
    </Button>
  );

  // Once, after it was added; later changes must not move the focus.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it reacts to the addition alone
  useEffect(() => {
    if (added === null) return;
    card.current?.scrollIntoView({ block: "nearest" });
    const field = card.current?.querySelector<HTMLElement>("input");
    if (needsKey && !hasKey && field != null) field.focus();
    else {
      card.current?.focus();
      trial.run({ providerId: id });
    }
  }, [added]);

  return (
    <li ref={card} className={styles.provider} tabIndex={-1}>
      <div className={styles.head}>
        <strong>{name}</strong>
        <span className={styles.host}>{local ? strings.local : host}</span>
        <span className={`faint ${styles.state}`} data-state={state}>
          {isPreferred && state === "ready" ? words.usedInNewChats : words.states[state]}
        </span>
      </div>
      {takesKey ? (
        <KeyField
          provider={provider}
          status={status}
          problem={added?.problem ?? null}
          isTrying={trial.isBusy}
          onTry={(key) => trial.run({ providerId: id, ...(key === "" ? {} : { key }) })}
          first={use}
          last={remove}
        />
      ) : (
        <div className={styles.actions}>
          {use}
          <Button tone="quiet" isFree={!trial.isBusy} onClick={() => trial.run({ providerId: id })}>
            {trial.isBusy ? strings.testing : strings.test}
          </Button>
          {remove}
        </div>
      )}
      {added?.note != null && (
        <p className={formStyles.text} role="status">
          {added.note}
        </p>
      )}
      <TestResult trial={trial} />
      <Problem>{problem}</Problem>
      {provider.problem === null && <ProviderModels providerId={id} name={name} />}
    </li>
  );
}
