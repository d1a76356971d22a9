/** Settings: what a person has chosen, who can answer, and which keys there are; never a key. */
import type { Bridge } from "../bridge/bridge";
import type {
  KeyStatus,
  ModelSummary,
  NewProvider,
  Preferences,
  PreferencesChange,
  PresetSummary,
  ProviderSummary,
  TrialReport,
} from "../bridge/contract";
import { createStore, type ReadonlyStore } from "../llm/store";

export interface SettingsState {
  /** Null until the host has told them. */
  readonly preferences: Preferences | null;
  /** What was wrong with their file. */
  readonly notices: readonly string[];
  readonly providers: readonly ProviderSummary[];
  readonly keys: readonly KeyStatus[];
}

export interface Settings extends ReadonlyStore<SettingsState> {
  /** Ask for the preferences; the page looks as they say from then on. */
  load(): Promise<void>;
  /** Ask who can answer, and with which keys. */
  loadProviders(): Promise<void>;
  update(change: PreferencesChange): Promise<void>;
  models(providerId: string): Promise<readonly ModelSummary[]>;
  presets(): Promise<readonly PresetSummary[]>;
  setKey(providerId: string, key: string): Promise<KeyStatus>;
  removeKey(providerId: string): Promise<void>;
  test(providerId: string): Promise<TrialReport>;
  add(provider: NewProvider, key: string): Promise<ProviderSummary>;
  remove(providerId: string): Promise<void>;
  restore(providerId: string): Promise<void>;
}

const NOTHING: SettingsState = { preferences: null, notices: [], providers: [], keys: [] };

/** `look` is told how the page is to look, and to speak, from now on. */
export function createSettings(
  client: Bridge["client"],
  look: (preferences: Preferences) => void,
): Settings {
  const store = createStore<SettingsState>(NOTHING);

  function change(part: Partial<SettingsState>): void {
    store.set({ ...store.get(), ...part });
  }

  async function loadProviders(): Promise<void> {
    const [providers, keys] = await Promise.all([client.providers.list(), client.keys.list()]);
    change({ providers, keys });
  }

  async function update(wanted: PreferencesChange): Promise<void> {
    const { preferences, notices } = await client.settings.update(wanted);
    change({ preferences, notices });
    look(preferences);
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    async load() {
      const { preferences, notices } = await client.settings.get();
      change({ preferences, notices });
      look(preferences);
    },
    loadProviders,
    update,
    models: async (providerId) => (await client.providers.models({ providerId })).models,
    presets: client.providers.presets,
    async setKey(providerId, key) {
      const status = await client.keys.set({ providerId, key });
      await loadProviders();
      return status;
    },
    async removeKey(providerId) {
      await client.keys.remove(providerId);
      await loadProviders();
    },
    test: (providerId) => client.providers.test({ providerId }),
    async add(provider, key) {
      const added = await client.providers.add(provider);
      if (key !== "") await client.keys.set({ providerId: added.id, key });
      await loadProviders();
      return added;
    },
    async remove(providerId) {
      await client.providers.remove(providerId);
      await loadProviders();
    },
    async restore(providerId) {
      await client.providers.restore(providerId);
      await loadProviders();
    },
  };
}
