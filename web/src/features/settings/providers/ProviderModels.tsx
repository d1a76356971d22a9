/** The models of a provider, fetched on request. */
import { useState } from "react";
import { locale, reasonOf, strings } from "../../../i18n";
import { settingsTexts as words } from "../../../i18n/settings";
import { useSettings, useSettingsState } from "../../../settings/useSettings";
import { Button } from "../../../ui/Button";
import formStyles from "../../../ui/form/form.module.css";
import { Problem } from "../../../ui/Problem";
import { Summary } from "../../../ui/Summary";
import { Facts } from "../../models/ModelFacts";
import styles from "./Providers.module.css";

/** Most models shown here; the model panel has a search for the rest. */
const SHOWN = 50;

export interface ProviderModelsProps {
  readonly providerId: string;
  readonly name: string;
}

export function ProviderModels({ providerId, name }: ProviderModelsProps) {
  const { loadModels } = useSettings();
  const state = useSettingsState().lists[providerId];
  const { list = null, problem = null, isLoading = false } = state ?? {};
  const [isOpen, setIsOpen] = useState(false);
  const models = list?.models ?? [];
  const refresh = () => void loadModels(providerId, true);
  return (
    <details
      className={styles.models}
      open={isOpen}
      onToggle={(event) => {
        setIsOpen(event.currentTarget.open);
        if (event.currentTarget.open) void loadModels(providerId);
      }}
    >
      <Summary>
        {list === null ? strings.sections.models : words.modelCount(models.length)}
        <span className="visually-hidden"> · {name}</span>
      </Summary>
      {isOpen && (
        <>
          {isLoading && list === null && <p className={formStyles.text}>{words.askingModels}</p>}
          <Problem>{problem && reasonOf(problem)}</Problem>
          {list !== null && !list.listed && (
            <p className={formStyles.text}>{words.listFromTable}</p>
          )}
          <ul>
            {models.slice(0, SHOWN).map((model) => (
              <li key={model.id}>
                <span>{model.name}</span>
                <Facts model={model} />
              </li>
            ))}
            {models.length > SHOWN && <li>+ {(models.length - SHOWN).toLocaleString(locale)}</li>}
          </ul>
          <Button tone="quiet" isFree={!isLoading} onClick={refresh}>
            {words.refresh}
          </Button>
        </>
      )}
    </details>
  );
}
