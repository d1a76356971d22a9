/** What a person has chosen, who can answer, and which keys there are; never a key. */
import type { Bridge } from "../bridge/bridge";
import type {
  Failure,
  KeyStatus,
  McpServerSummary,
  ModelFetch,
  ModelList,
  ModelRequest,
  ModelSummary,
  NewProvider,
  Place,
  Preferences,
  PreferencesChange,
  PresetSummary,
  ProviderSummary,
  Remark,
  TrialReport,
  TrialRequest,
} from "../bridge/contract";
import { failureOf } from "../bridge/hostError";
import { createStore, type ReadonlyStore } from "../lib/store";

export interface SettingsState {
  /** Null until the host has told them. */
  readonly preferences: Preferences | null;
  /** What was wrong with their file. */
  readonly remarks: readonly Remark[];
  readonly providers: readonly ProviderSummary[];
  readonly keys: readonly KeyStatus[];
  /** The provider whose key a person is about to set; its field takes the focus. */
  readonly keyWanted: string | null;
  /** Their models, as far as somebody has asked for them. */
  readonly lists: Readonly<Record<string, Listed>>;
}

/** What is known of a provider's models. */
export interface Listed {
  /** Null until they are known. */
  readonly list: ModelList | null;
  /** Why they could not be had. */
  readonly problem: Failure | null;
  readonly isAsking: boolean;
}

export interface Settings extends ReadonlyStore<SettingsState> {
  /** Ask for the preferences; the page looks as they say from then on. */
  load(): Promise<void>;
  /** Ask who can answer, and with which keys. */
  loadProviders(): Promise<void>;
  update(change: PreferencesChange): Promise<void>;
  /** What is known of a model without asking another machine; null where that is nothing. */
  describe(model: ModelRequest): Promise<ModelSummary | null>;
  /** Ask for a provider's models; what comes of it is in `lists`. `refresh`: even if they are known. */
  loadModels(providerId: string, refresh?: boolean): Promise<void>;
  presets(): Promise<readonly PresetSummary[]>;
  /** Null once the field has the focus. */
  wantKey(providerId: string | null): void;
  setKey(providerId: string, key: string): Promise<KeyStatus>;
  removeKey(providerId: string): Promise<void>;
  /** One tiny request; nothing of it is kept. */
  test(request: TrialRequest): Promise<TrialReport>;
  add(provider: NewProvider): Promise<ProviderSummary>;
  remove(providerId: string): Promise<void>;
  restore(providerId: string): Promise<void>;
  /** The tools that models may call, and what was decided about them for good. */
  readonly tools: Bridge["client"]["tools"];
  /** The servers that tools come from. */
  readonly mcp: Bridge["client"]["mcp"] & {
    /** Call the listener when a server has changed its state; undefined when the host is lost. */
    onChange(listener: (servers: readonly McpServerSummary[] | undefined) => void): () => void;
  };
  /** Brings the embedded model where it did not come along. */
  readonly model: Bridge["client"]["model"] & {
    /** Call the listener with every new state of the download; undefined when the host is lost. */
    onChange(listener: (state: ModelFetch | undefined) => void): () => void;
  };
  /** Ask for a GGUF file in the window's file dialog; null when none was chosen. */
  chooseModelFile(): Promise<string | null>;
  /** Where everything lies, for people to read. */
  place(): Promise<Place>;
}

const NOTHING: SettingsState = {
  preferences: null,
  remarks: [],
  providers: [],
  keys: [],
  keyWanted: null,
  lists: {},
};
const UNKNOWN: Listed = { list: null, problem: null, isAsking: false };

/**
 * `look` is told how the page is to look, and to speak, from now on. `nameOf` says a provider's name in
 * the page's language.
 */
export function createSettings(
  { client, topics }: Pick<Bridge, "client" | "topics">,
  look: (preferences: Preferences) => void,
  nameOf: (provider: ProviderSummary) => string = ({ name }) => name,
): Settings {
  const store = createStore<SettingsState>(NOTHING);
  /** The last question for each provider's models. */
  const questions = new Map<string, symbol>();

  function change(part: Partial<SettingsState>): void {
    store.set({ ...store.get(), ...part });
  }

  async function loadProviders(): Promise<void> {
    const [listed, keys] = await Promise.all([client.providers.list(), client.keys.list()]);
    change({ providers: listed.map((one) => ({ ...one, name: nameOf(one) })), keys });
  }

  function tell(providerId: string, part: Partial<Listed>): void {
    const { lists } = store.get();
    change({ lists: { ...lists, [providerId]: { ...UNKNOWN, ...lists[providerId], ...part } } });
  }

  async function loadModels(providerId: string, refresh = false): Promise<void> {
    if (store.get().lists[providerId]?.isAsking) return;
    const question = Symbol(providerId);
    questions.set(providerId, question);
    tell(providerId, { isAsking: true });
    const answer = await client.providers.models({ providerId, refresh }).then(
      (list) => ({ list, problem: null }),
      (error) => ({ problem: failureOf(error) }),
    );
    // What was asked with another key says nothing of this one.
    if (questions.get(providerId) === question) tell(providerId, { ...answer, isAsking: false });
  }

  /** A key, or another server behind the same name: its models are other ones now. */
  async function loadAnew(providerId: string): Promise<void> {
    const { [providerId]: before, ...lists } = store.get().lists;
    questions.delete(providerId);
    change({ lists });
    await loadProviders();
    if (before?.isAsking) void loadModels(providerId, true);
  }

  async function update(wanted: PreferencesChange): Promise<void> {
    const { preferences, remarks } = await client.settings.update(wanted);
    change({ preferences, remarks });
    look(preferences);
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    async load() {
      const { preferences, remarks } = await client.settings.get();
      change({ preferences, remarks });
      look(preferences);
    },
    loadProviders,
    update,
    describe: client.providers.describe,
    presets: client.providers.presets,
    tools: client.tools,
    mcp: { ...client.mcp, onChange: (listener) => topics.on("mcp", listener) },
    model: { ...client.model, onChange: (listener) => topics.on("model", listener) },
    loadModels,
    wantKey: (keyWanted) => change({ keyWanted }),
    async setKey(providerId, key) {
      const status = await client.keys.set({ providerId, key });
      await loadAnew(providerId);
      return status;
    },
    async removeKey(providerId) {
      await client.keys.remove(providerId);
      await loadAnew(providerId);
    },
    test: client.providers.test,
    async add(provider) {
      const added = await client.providers.add(provider);
      await loadAnew(added.id);
      return added;
    },
    async remove(providerId) {
      await client.providers.remove(providerId);
      await loadAnew(providerId);
    },
    async restore(providerId) {
      await client.providers.restore(providerId);
      await loadAnew(providerId);
    },
    chooseModelFile: client.shell.chooseModelFile,
    place: client.settings.place,
  };
}
