/** Settings for new chats: model, temperature and the model for titles. */
import { EFFORTS, MAX_ANSWER_TOKENS } from "../../conversations/answerOptions";
import { useConversations } from "../../conversations/useConversations";
import { costs } from "../../i18n/costs";
import { settingsTexts as words } from "../../i18n/settings";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { EffortField } from "../../ui/form/EffortField";
import formStyles from "../../ui/form/form.module.css";
import { Instructions } from "../../ui/form/Instructions";
import { NumberField } from "../../ui/form/NumberField";
import { Temperature } from "../../ui/form/Temperature";
import { ModelSelect } from "./ModelSelect";

export function Defaults() {
  const { update } = useSettings();
  const prefer = usePrefer();
  const { preferences } = useSettingsState();
  if (preferences === null) return null;
  return (
    <>
      <section className={formStyles.section}>
        <h3>{words.newChats}</h3>
        <p className={formStyles.text}>{words.newChatsText}</p>
        <ModelSelect
          label={words.defaultModel}
          providerId={preferences.defaultProvider}
          modelId={preferences.defaultModel}
          nobody={words.standardProvider}
          save={prefer}
        />
        <Temperature
          value={preferences.defaultTemperature}
          standard={words.modelsOwn}
          save={(defaultTemperature) => update({ defaultTemperature })}
        />
        <EffortField
          efforts={EFFORTS}
          value={preferences.defaultEffort}
          standard={costs.effortOwn}
          save={(defaultEffort) => update({ defaultEffort })}
        />
        <NumberField
          label={words.maxTokens}
          hint={words.maxTokensHint}
          unit={words.tokens}
          value={preferences.defaultMaxTokens}
          least={1}
          most={MAX_ANSWER_TOKENS}
          mayBeEmpty
          save={(defaultMaxTokens) => update({ defaultMaxTokens })}
        />
        <Instructions
          hint={words.systemPromptHint}
          value={preferences.defaultSystemPrompt ?? ""}
          save={(text) => update({ defaultSystemPrompt: text.trim() === "" ? null : text })}
        />
      </section>
      <section className={formStyles.section}>
        <h3>{words.titles}</h3>
        <ModelSelect
          label={words.titlesBy}
          hint={words.titlesHint}
          providerId={preferences.titleProvider}
          modelId={preferences.titleModel}
          nobody={words.titlesNobody}
          save={(titleProvider, titleModel) => update({ titleProvider, titleModel })}
        />
      </section>
    </>
  );
}

/** Sets the model of new chats, here at once and in the host's settings for later ones. */
export function usePrefer() {
  const { update, get } = useSettings();
  const { prefer } = useConversations();
  return async (defaultProvider: string | null, defaultModel: string | null): Promise<void> => {
    await update({ defaultProvider, defaultModel });
    const provider = get().providers.find(({ id }) => id === defaultProvider);
    const modelId = defaultModel ?? provider?.defaultModel;
    prefer(provider && modelId ? { providerId: provider.id, modelId } : null);
  };
}
