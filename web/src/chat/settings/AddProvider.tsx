/** AddProvider: one's own server: a preset, or any that speaks the same protocol. */
import { useEffect, useState } from "react";
import type { PresetSummary } from "../../bridge/contract";
import { useSettings } from "../../settings/useSettings";
import { strings } from "../../strings";
import type { SectionProps } from "./Appearance";
import styles from "./SettingsDialog.module.css";

export function AddProvider({ attempt }: SectionProps) {
  const settings = useSettings();
  const [presets, setPresets] = useState<readonly PresetSummary[]>([]);
  const [name, setName] = useState("");
  const [address, setAddress] = useState("");
  const [key, setKey] = useState("");

  useEffect(() => {
    settings.presets().then(setPresets, () => setPresets([]));
  }, [settings]);

  async function add(): Promise<void> {
    const given = key.trim();
    const provider = { id: idOf(name), label: name.trim(), baseUrl: address.trim() };
    await settings.add({ ...provider, kind: "openai-compatible" }, given);
    setName("");
    setAddress("");
    setKey("");
  }

  return (
    <section>
      <h3>{strings.addProvider}</h3>
      <div className={styles.presets}>
        {presets
          .filter(({ providerId }) => providerId === null)
          .map((preset) => (
            <button
              key={preset.id}
              type="button"
              onClick={() => {
                setName(preset.name);
                setAddress(preset.baseUrl);
              }}
            >
              {preset.name}
              {preset.running === true && <em>{strings.runsNow}</em>}
            </button>
          ))}
      </div>
      <form
        className={styles.add}
        onSubmit={(event) => {
          event.preventDefault();
          attempt(add());
        }}
      >
        <label className={styles.row}>
          <span>{strings.providerName}</span>
          <input value={name} maxLength={60} onChange={(event) => setName(event.target.value)} />
        </label>
        <label className={styles.row}>
          <span>{strings.address}</span>
          <input
            type="text"
            inputMode="url"
            dir="ltr"
            spellCheck={false}
            value={address}
            onChange={(event) => setAddress(event.target.value)}
          />
        </label>
        <label className={styles.row}>
          <span>{strings.keyIfAny}</span>
          <input
            type="password"
            autoComplete="off"
            value={key}
            onChange={(event) => setKey(event.target.value)}
          />
        </label>
        <button type="submit" disabled={idOf(name) === "" || address.trim() === ""}>
          {strings.add}
        </button>
      </form>
    </section>
  );
}

/** An id that the host takes, out of a name that a person reads. */
function idOf(name: string): string {
  const plain = name.normalize("NFKD").toLowerCase();
  return plain
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 40);
}
