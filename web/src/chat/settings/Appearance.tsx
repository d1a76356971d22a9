/** Appearance: light or dark, the language, and who answers in a new chat. */
import { useEffect, useState } from "react";
import type { ModelSummary } from "../../bridge/contract";
import { useConversations } from "../../conversations/context";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { strings } from "../../strings";
import { LANGUAGES } from "../../strings/language";
import styles from "./SettingsDialog.module.css";

const THEMES = ["system", "light", "dark"] as const;

export interface SectionProps {
  /** Do it, and say what was in the way. */
  readonly attempt: (act: Promise<unknown>) => void;
}

export function Appearance({ attempt }: SectionProps) {
  const settings = useSettings();
  const conversations = useConversations();
  const { preferences, providers } = useSettingsState();
  const [models, setModels] = useState<readonly ModelSummary[]>([]);
  const providerId = preferences?.defaultProvider ?? null;

  useEffect(() => {
    setModels([]);
    if (providerId !== null) settings.models(providerId).then(setModels, () => setModels([]));
  }, [settings, providerId]);

  /** New chats begin with it at once; the host has it for those of later. */
  async function prefer(defaultProvider: string | null, defaultModel: string | null) {
    await settings.update({ defaultProvider, defaultModel });
    const provider = providers.find(({ id }) => id === defaultProvider);
    if (provider === undefined) return;
    conversations.prefer({
      providerId: provider.id,
      modelId: defaultModel ?? provider.defaultModel,
    });
  }

  if (preferences === null) return null;
  return (
    <section>
      <h3>{strings.general}</h3>
      <label className={styles.row}>
        <span>{strings.theme}</span>
        <select
          value={preferences.theme}
          onChange={(event) => {
            const theme = THEMES.find((one) => one === event.target.value);
            if (theme !== undefined) attempt(settings.update({ theme }));
          }}
        >
          {THEMES.map((theme) => (
            <option key={theme} value={theme}>
              {strings.themes[theme]}
            </option>
          ))}
        </select>
      </label>
      <label className={styles.row}>
        <span>{strings.language}</span>
        <select
          value={preferences.language}
          onChange={(event) => attempt(settings.update({ language: event.target.value }))}
        >
          <option value="">{strings.systemLanguage}</option>
          {Object.entries(LANGUAGES).map(([tag, name]) => (
            <option key={tag} value={tag} lang={tag}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label className={styles.row}>
        <span>{strings.answersNewChats}</span>
        <select
          value={providerId ?? ""}
          onChange={(event) => {
            const chosen = event.target.value === "" ? null : event.target.value;
            attempt(prefer(chosen, null));
          }}
        >
          <option value="">{strings.standard}</option>
          {providers.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {providerId !== null && (
        <label className={styles.row}>
          <span>{strings.withModel}</span>
          <select
            value={preferences.defaultModel ?? ""}
            onChange={(event) => {
              const chosen = event.target.value === "" ? null : event.target.value;
              attempt(prefer(providerId, chosen));
            }}
          >
            <option value="">{strings.standard}</option>
            {models.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
    </section>
  );
}
