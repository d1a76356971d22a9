/** The preferences, providers and key states of the host. It never holds a key. */
import type { Bridge } from "../bridge/bridge";
import type {
  DataPaths,
  Failure,
  KeyStatus,
  McpServerSummary,
  ModelFetch,
  ModelList,
  Preferences,
  PreferencesChange,
  ProviderSummary,
  Remark,
  SettingsView,
} from "../bridge/contract";
import { failureOf } from "../bridge/hostError";
import { createStore, type ReadonlyStore } from "../lib/store";

export interface SettingsState {
  /** Null until the host has sent them. */
  readonly preferences: Preferences | null;
  /** Problems of the settings file. */
  readonly remarks: readonly Remark[];
  readonly providers: readonly ProviderSummary[];
  readonly keys: readonly KeyStatus[];
  /** The provider whose key is to be entered; its field takes the focus. */
  readonly keyProviderId: string | null;
  /** The providers' models, as far as they were requested. */
  readonly lists: Readonly<Record<string, ModelListState>>;
}

/** The known models of a provider. */
export interface ModelListState {
  /** Null until they are known. */
  readonly list: ModelList | null;
  /** Why they could not be fetched. */
  readonly problem: Failure | null;
  readonly isLoading: boolean;
}

export interface Settings extends ReadonlyStore<SettingsState> {
  /** Loads the preferences and applies them to the page. */
  load(): Promise<void>;
  /** Loads the providers and the state of their keys. */
  loadProviders(): Promise<void>;
  update(change: PreferencesChange): Promise<void>;
  /** Loads a provider's models into `lists`. `refresh`: even if they are known. */
  loadModels(providerId: string, refresh?: boolean): Promise<void>;
  /** Asks the person for a provider's key; null once the field has the focus. */
  requestKey(providerId: string | null): void;
  setKey(providerId: string, key: string): Promise<KeyStatus>;
  removeKey(providerId: string): Promise<KeyStatus>;
  /** A change of a provider is shown when its promise resolves. */
  readonly providers: Bridge["client"]["providers"];
  /** Prompts with a form. */
  readonly templates: Bridge["client"]["templates"];
  /** The tools that models may call, and permanent decisions about them. */
  readonly tools: Bridge["client"]["tools"];
  /** The servers that tools come from. */
  readonly mcp: Bridge["client"]["mcp"] & {
    /** Call the listener when a server has changed its state; undefined when the host is lost. */
    onChange(listener: (servers: readonly McpServerSummary[] | undefined) => void): () => void;
  };
  /** Downloads the embedded model if it is missing. */
  readonly model: Bridge["client"]["model"] & {
    /** Calls the listener with every new state of the download; undefined if the host is lost. */
    onChange(listener: (state: ModelFetch | undefined) => void): () => void;
  };
  /** Asks for a GGUF file in the window's file dialog; null if none was chosen. */
  chooseModelFile(): Promise<string | null>;
  /** The paths of all data, for display. */
  place(): Promise<DataPaths>;
}

const NOTHING: SettingsState = {
  preferences: null,
  remarks: [],
  providers: [],
  keys: [],
  keyProviderId: null,
  lists: {},
};
const UNKNOWN: ModelListState = { list: null, problem: null, isLoading: false };

/**
 * `applyPreferences` is called with the theme, text size and language to apply. `nameOf` gives a
 * provider's name in the page's language.
 */
export function createSettings(
  { client, topics }: Pick<Bridge, "client" | "topics">,
  applyPreferences: (preferences: Preferences) => void,
  nameOf: (provider: ProviderSummary) => string = ({ name }) => name,
): Settings {
  const store = createStore<SettingsState>(NOTHING);
  /** The last request for each provider's models. */
  const requests = new Map<string, symbol>();

  function change(part: Partial<SettingsState>): void {
    store.set({ ...store.get(), ...part });
  }

  async function loadProviders(): Promise<void> {
    const [providers, keys] = await Promise.all([client.providers.list(), client.keys.list()]);
    change({ providers: providers.map((item) => ({ ...item, name: nameOf(item) })), keys });
  }

  function setList(providerId: string, part: Partial<ModelListState>): void {
    const { lists } = store.get();
    change({ lists: { ...lists, [providerId]: { ...UNKNOWN, ...lists[providerId], ...part } } });
  }

  async function loadModels(providerId: string, refresh = false): Promise<void> {
    if (store.get().lists[providerId]?.isLoading) return;
    const request = Symbol(providerId);
    requests.set(providerId, request);
    setList(providerId, { isLoading: true });
    const answer = await client.providers.models({ providerId, refresh }).then(
      (list) => ({ list, problem: null }),
      (error) => ({ problem: failureOf(error) }),
    );
    // A reply to a request with an earlier key is outdated.
    if (requests.get(providerId) === request) setList(providerId, { ...answer, isLoading: false });
  }

  /** Reloads a provider's models after a change of its key or server, and returns its result. */
  async function reloadModels<T>(providerId: string, changed: T | Promise<T>): Promise<T> {
    const result = await changed;
    const { [providerId]: before, ...lists } = store.get().lists;
    requests.delete(providerId);
    change({ lists });
    await loadProviders();
    if (before?.isLoading) void loadModels(providerId, true);
    return result;
  }

  async function show(view: Promise<SettingsView>): Promise<void> {
    const { preferences, remarks } = await view;
    change({ preferences, remarks });
    applyPreferences(preferences);
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    load: () => show(client.settings.get()),
    loadProviders,
    update: (part) => show(client.settings.update(part)),
    templates: client.templates,
    tools: client.tools,
    mcp: { ...client.mcp, onChange: (listener) => topics.on("mcp", listener) },
    model: { ...client.model, onChange: (listener) => topics.on("model", listener) },
    loadModels,
    requestKey: (keyProviderId) => change({ keyProviderId }),
    setKey: (providerId, key) => reloadModels(providerId, client.keys.set({ providerId, key })),
    removeKey: (providerId) => reloadModels(providerId, client.keys.remove(providerId)),
    providers: {
      ...client.providers,
      async add(provider) {
        const added = await client.providers.add(provider);
        return reloadModels(added.id, added);
      },
      remove: (providerId) => reloadModels(providerId, client.providers.remove(providerId)),
      restore: (providerId) => reloadModels(providerId, client.providers.restore(providerId)),
    },
    chooseModelFile: client.shell.chooseModelFile,
    place: client.settings.place,
  };
}
