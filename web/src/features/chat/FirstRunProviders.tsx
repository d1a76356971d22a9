/** Offers better models than the small local one: a running server, an existing key, or a new key. */
import type { PresetSummary } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { strings } from "../../i18n";
import { useOpenSettings, useSettings, useSettingsState } from "../../settings/useSettings";
import buttons from "../../ui/buttons.module.css";
import { useRequest } from "../../ui/form/useRequest";
import { Problem } from "../../ui/Problem";
import { useToasts } from "../../ui/toasts/toastStore";
import { useAsyncAction } from "../../ui/useAsyncAction";
import { useComposer } from "../composer/composerHandle";
import styles from "./FirstRunProviders.module.css";

export function FirstRunProviders() {
  const conversations = useConversations();
  const settings = useSettings();
  const toasts = useToasts();
  const openSettings = useOpenSettings();
  const { providers, keys } = useSettingsState();
  const composer = useComposer();
  const { problem, isBusy, attempt } = useAsyncAction();
  // Failures are not shown: the settings still offer every provider.
  const { value: presets } = useRequest(settings.providers.presets);
  useRequest(settings.loadProviders);
  const running = presets?.filter((preset) => preset.running === true) ?? [];

  /** The key comes from the environment; the person may not know that it works here. */
  const keyed = providers.filter(
    ({ id, problem }) =>
      problem === null &&
      keys.some(({ providerId, source }) => providerId === id && source === "environment"),
  );

  /** The server's first model becomes the default and this chat's; without one, settings open. */
  async function chooseServer(preset: PresetSummary): Promise<void> {
    const { id, name, baseUrl, providerId, models } = preset;
    const provider = { id, label: name, kind: "openai-compatible", baseUrl } as const;
    const known = providerId ?? (await settings.providers.add(provider)).id;
    const [modelId] = models;
    if (modelId === undefined) openSettings("providers");
    else await choose(known, name, modelId, modelId);
  }

  async function choose(
    providerId: string,
    name: string,
    modelId: string,
    defaultModel: string | null,
  ): Promise<void> {
    await settings.update({ defaultProvider: providerId, defaultModel });
    conversations.prefer({ providerId, modelId });
    toasts.show(strings.firstRun.chosen(modelId, name));
    // The button disappears, so the focus moves to the message box.
    composer.current?.focus();
  }

  const offers = [
    ...running.map((preset) => ({
      id: preset.id,
      name: preset.name,
      about: strings.firstRun.runs(preset.models.length),
      run: () => chooseServer(preset),
    })),
    ...keyed.map(({ id, name, defaultModel }) => ({
      id,
      name,
      about: strings.firstRun.keyHere,
      run: () => choose(id, name, defaultModel, null),
    })),
  ];
  return (
    <section className={styles.others} aria-label={strings.firstRun.label}>
      <p>{strings.firstRun.more}</p>
      <div className={`wrap ${buttons.pills}`}>
        {offers.map(({ id, name, about, run }) => (
          <button
            key={id}
            type="button"
            aria-disabled={isBusy}
            onClick={() => !isBusy && attempt(run())}
          >
            {strings.firstRun.use(name)}
            <small>{about}</small>
          </button>
        ))}
        <button type="button" onClick={() => openSettings("providers")}>
          {strings.firstRun.connect}
        </button>
      </div>
      <Problem>{problem}</Problem>
    </section>
  );
}
