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
  readonly keyWanted: string | null;
  /** The providers' models, as far as they were requested. */
  readonly lists: Readonly<Record<string, Listed>>;
}

/** The known models of a provider. */
export interface Listed {
  /** Null until they are known. */
  readonly list: ModelList | null;
  /** Why they could not be fetched. */
  readonly problem: Failure | null;
  readonly isAsking: boolean;
}

export interface Settings extends ReadonlyStore<SettingsState> {
  /** Loads the preferences and applies them to the page. */
  load(): Promise<void>;
  /** Loads the providers and the state of their keys. */
  loadProviders(): Promise<void>;
  update(change: PreferencesChange): Promise<void>;
  /** Loads a provider's models into `lists`. `refresh`: even if they are known. */
  loadModels(providerId: string, refresh?: boolean): Promise<void>;
  /** Null once the field has the focus. */
  wantKey(providerId: string | null): void;
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
  keyWanted: null,
  lists: {},
};
const UNKNOWN: Listed = { list: null, problem: null, isAsking: false };

/**
 * `look` is called with the theme, text size and language to apply. `nameOf` gives a provider's name in
 * the page's language.
 */
export function createSettings(
  { client, topics }: Pick<Bridge, "client" | "topics">,
  look: (preferences: Preferences) => void,
  nameOf: (provider: ProviderSummary) => string = ({ name }) => name,
): Settings {
  const store = createStore<SettingsState>(NOTHING);
  /** The last request for each provider's models. */
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
    // A reply to a request with an earlier key is outdated.
    if (questions.get(providerId) === question) tell(providerId, { ...answer, isAsking: false });
  }

  /** Reloads a provider's models after a change of its key or server, and returns its result. */
  async function loadAnew<T>(providerId: string, changed: T | Promise<T>): Promise<T> {
    const result = await changed;
    const { [providerId]: before, ...lists } = store.get().lists;
    questions.delete(providerId);
    change({ lists });
    await loadProviders();
    if (before?.isAsking) void loadModels(providerId, true);
    return result;
  }

  async function show(view: Promise<SettingsView>): Promise<void> {
    const { preferences, remarks } = await view;
    change({ preferences, remarks });
    look(preferences);
  }

  return {
    get: store.get,
    subscribe: store.subscribe,
    load: () => show(client.settings.get()),
    loadProviders,
    update: (wanted) => show(client.settings.update(wanted)),
    templates: client.templates,
    tools: client.tools,
    mcp: { ...client.mcp, onChange: (listener) => topics.on("mcp", listener) },
    model: { ...client.model, onChange: (listener) => topics.on("model", listener) },
    loadModels,
    wantKey: (keyWanted) => change({ keyWanted }),
    setKey: (providerId, key) => loadAnew(providerId, client.keys.set({ providerId, key })),
    removeKey: (providerId) => loadAnew(providerId, client.keys.remove(providerId)),
    providers: {
      ...client.providers,
      async add(provider) {
        const added = await client.providers.add(provider);
        return loadAnew(added.id, added);
      },
      remove: (providerId) => loadAnew(providerId, client.providers.remove(providerId)),
      restore: (providerId) => loadAnew(providerId, client.providers.restore(providerId)),
    },
    chooseModelFile: client.shell.chooseModelFile,
    place: client.settings.place,
  };
}
