/** Settings for new chats: model, temperature and the model for titles. */
import { useConversations } from "../../conversations/useConversations";
import { strings } from "../../i18n";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { Field } from "../../ui/form/Field";
import styles from "../../ui/form/form.module.css";
import { NumberField } from "../../ui/form/NumberField";
import { useAutosave } from "../../ui/form/useAutosave";
import { ModelSelect } from "./ModelSelect";
import { Temperature } from "./Temperature";

const MOST_TOKENS = 100_000;
const MOST_CHARACTERS = 100_000;

export function Defaults() {
  const { update } = useSettings();
  const prefer = usePrefer();
  const { preferences } = useSettingsState();
  const words = strings.preferences;
  if (preferences === null) return null;
  return (
    <>
      <section className={styles.section}>
        <h3>{words.newChats}</h3>
        <p className={styles.text}>{words.newChatsText}</p>
        <ModelSelect
          label={words.defaultModel}
          providerId={preferences.defaultProvider}
          modelId={preferences.defaultModel}
          nobody={words.standardProvider}
          save={prefer}
        />
        <Temperature
          kept={preferences.defaultTemperature}
          save={(defaultTemperature) => update({ defaultTemperature })}
        />
        <NumberField
          label={words.maxTokens}
          hint={words.maxTokensHint}
          unit={words.tokens}
          value={preferences.defaultMaxTokens}
          least={1}
          most={MOST_TOKENS}
          mayBeEmpty
          save={(defaultMaxTokens) => update({ defaultMaxTokens })}
        />
        <Instructions
          kept={preferences.defaultSystemPrompt ?? ""}
          save={(text) => update({ defaultSystemPrompt: text.trim() === "" ? null : text })}
        />
      </section>
      <section className={styles.section}>
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
export function usePrefer(): (
  defaultProvider: string | null,
  defaultModel: string | null,
) => Promise<void> {
  const { update, get } = useSettings();
  const { prefer } = useConversations();
  return async (defaultProvider, defaultModel) => {
    await update({ defaultProvider, defaultModel });
    const provider = get().providers.find(({ id }) => id === defaultProvider);
    const modelId = defaultModel ?? provider?.defaultModel;
    prefer(provider && modelId ? { providerId: provider.id, modelId } : null);
  };
}

interface InstructionsProps {
  readonly kept: string;
  readonly save: (text: string) => Promise<unknown>;
}

function Instructions({ kept, save }: InstructionsProps) {
  const saved = useAutosave(kept, save);
  const words = strings.preferences;
  return (
    <Field
      label={words.systemPrompt}
      hint={words.systemPromptHint}
      problem={saved.problem}
      isSaved={saved.isSaved}
      isTall
    >
      {(names) => (
        <textarea
          {...names}
          dir="auto"
          maxLength={MOST_CHARACTERS}
          value={saved.value}
          onChange={(event) => saved.change(event.target.value)}
          onBlur={() => saved.commit()}
        />
      )}
    </Field>
  );
}
