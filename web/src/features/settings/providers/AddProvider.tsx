/** Adds a provider: a preset, a server of one's own, or a model file. */
import { useEffect, useState } from "react";
import type { PresetSummary } from "../../../bridge/contract";
import { strings } from "../../../i18n";
import { settingsTexts as words } from "../../../i18n/settings";
import { useSettings } from "../../../settings/useSettings";
import { Button } from "../../../ui/Button";
import formStyles from "../../../ui/form/form.module.css";
import { FileIcon, ServerIcon } from "../../../ui/icons";
import { Problem } from "../../../ui/Problem";
import { useAsyncAction } from "../../../ui/useAsyncAction";
import type { AddedProvider } from "./AddForm";
import { FileForm } from "./FileForm";
import styles from "./Providers.module.css";
import { ServerForm } from "./ServerForm";

export function AddProvider({ onAdded }: { readonly onAdded: (added: AddedProvider) => void }) {
  const settings = useSettings();
  const { problem, attempt, isBusy } = useAsyncAction();
  const [presets, setPresets] = useState<readonly PresetSummary[] | null>(null);
  const [form, setForm] = useState<"server" | "file" | PresetSummary | null>(null);

  async function loadPresets(): Promise<void> {
    setPresets(await settings.providers.presets().catch(() => []));
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: once, and after every addition
  useEffect(() => void loadPresets(), []);

  async function finish(provider: AddedProvider): Promise<void> {
    setForm(null);
    onAdded(provider);
    await loadPresets();
  }

  async function addPreset(preset: PresetSummary): Promise<void> {
    const { id, name, baseUrl, running } = preset;
    if (running === false) {
      setForm(preset);
      return;
    }
    const provider = { id, label: name, kind: "openai-compatible", baseUrl } as const;
    await settings.providers.add(provider);
    await finish({ id, problem: null });
  }

  // Running servers come first, as the likeliest choice.
  const free = (presets ?? []).filter(({ providerId }) => providerId === null);
  const inOrder = [...free].sort((a, b) => Number(b.running === true) - Number(a.running === true));
  return (
    <section className={formStyles.section}>
      <h3>{words.addTitle}</h3>
      <div className={styles.presets}>
        {inOrder.map((preset) => (
          <Button
            key={preset.id}
            className={styles.card}
            tone="quiet"
            isFree={!isBusy}
            onClick={() => attempt(addPreset(preset))}
          >
            <strong>{preset.name}</strong>
            <small className={`faint ${preset.running ? styles.runs : ""}`}>
              {stateOf(preset)}
            </small>
          </Button>
        ))}
        {(["server", "file"] as const).map((name) => (
          <Button
            key={name}
            className={styles.card}
            tone="quiet"
            aria-expanded={form === name}
            onClick={() => setForm(form === name ? null : name)}
          >
            {name === "server" ? <ServerIcon /> : <FileIcon />}
            <strong>{name === "server" ? words.otherServer : words.modelFile}</strong>
          </Button>
        ))}
      </div>
      {presets === null && (
        <p className={formStyles.text} role="status">
          {words.looking}
        </p>
      )}
      {form !== null && form !== "file" && (
        <ServerForm
          key={form === "server" ? "" : form.id}
          preset={form === "server" ? undefined : form}
          onAdded={(provider) => void finish(provider)}
        />
      )}
      {form === "file" && <FileForm onAdded={(provider) => void finish(provider)} />}
      <Problem>{problem}</Problem>
    </section>
  );
}

function stateOf({ running, models, takesKey }: PresetSummary): string {
  if (running === true) return words.presetRuns(models.length);
  if (running === false) return strings.local;
  return takesKey ? words.needsKey : words.presetFree;
}
