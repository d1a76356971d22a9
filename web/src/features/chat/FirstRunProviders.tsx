/** From the small model to a better one: a server that runs here, or a key. */
import { useEffect, useState } from "react";
import type { PresetSummary } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { reasonOf, strings } from "../../i18n";
import { useOpenSettings, useSettings } from "../../settings/useSettings";
import { busyButton } from "../../ui/busyButton";
import buttons from "../../ui/buttons.module.css";
import { useToasts } from "../../ui/toastStore";
import { useComposer } from "../composer/composerHandle";
import styles from "./FirstRunProviders.module.css";

export function FirstRunProviders() {
  const conversations = useConversations();
  const settings = useSettings();
  const toasts = useToasts();
  const openSettings = useOpenSettings();
  const composer = useComposer();
  const [running, setRunning] = useState<readonly PresetSummary[]>([]);
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  useEffect(() => {
    let isWanted = true;
    settings.presets().then(
      (presets) => isWanted && setRunning(presets.filter((preset) => preset.running === true)),
      () => {}, // then there is the way through the settings
    );
    return () => {
      isWanted = false;
    };
  }, [settings]);

  /** Its first model answers new chats, and this one; a server without any is looked at in the settings. */
  async function take({ id, name, baseUrl, providerId, models }: PresetSummary): Promise<void> {
    setIsBusy(true);
    setProblem(null);
    try {
      const provider = { id, label: name, kind: "openai-compatible", baseUrl } as const;
      const known = providerId ?? (await settings.add(provider)).id;
      const [modelId] = models;
      if (modelId === undefined) {
        openSettings("providers");
        return;
      }
      await settings.update({ defaultProvider: known, defaultModel: modelId });
      conversations.prefer({ providerId: known, modelId });
      toasts.say(strings.firstRun.chosen(modelId, name));
      // The button goes away: one goes on in the box.
      composer.current?.focus();
    } catch (error) {
      setProblem(strings.refusedAction(reasonOf(error)));
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <section className={styles.others} aria-label={strings.firstRun.label}>
      <p>{strings.firstRun.more}</p>
      <div className={buttons.pills}>
        {running.map((preset) => (
          <button key={preset.id} type="button" {...busyButton(!isBusy, () => void take(preset))}>
            {strings.firstRun.use(preset.name)}
            <small>{strings.firstRun.runs(preset.models.length)}</small>
          </button>
        ))}
        <button type="button" onClick={() => openSettings("providers")}>
          {strings.firstRun.connect}
        </button>
      </div>
      {problem !== null && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
