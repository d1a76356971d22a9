/** Selects a provider and one of its models, or none. */
import { useEffect, useId } from "react";
import { strings } from "../../i18n";
import { settingsTexts } from "../../i18n/settings";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { Field } from "../../ui/form/Field";
import formStyles from "../../ui/form/form.module.css";
import { Select } from "../../ui/form/SelectField";
import { useAutosave } from "../../ui/form/useAutosave";

export interface ModelSelectProps {
  readonly label: string;
  readonly hint?: string;
  readonly providerId: string | null;
  /** Null for the provider's default. */
  readonly modelId: string | null;
  /** The label for no choice. */
  readonly nobody: string;
  readonly save: (providerId: string | null, modelId: string | null) => Promise<unknown>;
}

export function ModelSelect({ label, hint = "", nobody, save, ...chosen }: ModelSelectProps) {
  const { loadModels } = useSettings();
  const { providers, lists } = useSettingsState();
  const id = useId();
  // Saved as one text, so that a refusal concerns both together.
  const saved = useAutosave(joinIds(chosen.providerId, chosen.modelId), (text) =>
    save(...splitIds(text)),
  );
  const [providerId, modelId] = splitIds(saved.value);
  const models = providerId === null ? [] : (lists[providerId]?.list?.models ?? []);
  const standard = providers.find((provider) => provider.id === providerId)?.defaultModel;

  useEffect(() => {
    if (providerId !== null) void loadModels(providerId);
  }, [loadModels, providerId]);

  return (
    <Field label={label} hint={hint} saved={saved}>
      {(names) => (
        <div className={formStyles.pair}>
          <Select
            {...names}
            value={providerId ?? ""}
            options={providers.map(({ id, name }) => [id, name])}
            onChange={(chosen) => saved.commit(joinIds(chosen, null))}
          >
            <option value="">{nobody}</option>
            {providerId !== null && standard === undefined && (
              <option value={providerId}>{providerId}</option>
            )}
          </Select>
          {providerId !== null && (
            <Select
              id={`${id}-model`}
              aria-label={strings.withModel}
              value={modelId ?? ""}
              options={models.map(({ id, name }) => [id, name])}
              onChange={(chosen) => saved.commit(joinIds(providerId, chosen))}
            >
              <option value="">
                {settingsTexts.standardModel}
                {standard === undefined ? "" : ` (${standard})`}
              </option>
              {modelId !== null && models.every((model) => model.id !== modelId) && (
                <option value={modelId}>{modelId}</option>
              )}
            </Select>
          )}
        </div>
      )}
    </Field>
  );
}

/** Joined by a line end, which no id contains. */
function joinIds(providerId: string | null, modelId: string | null): string {
  return `${providerId ?? ""}\n${modelId ?? ""}`;
}

function splitIds(text: string): [providerId: string | null, modelId: string | null] {
  const [providerId = "", modelId = ""] = text.split("\n");
  return [providerId || null, modelId || null];
}
