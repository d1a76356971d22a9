/** Settings, providers and keys of the fake host, for the lifetime of the page. */
import type {
  Defaults,
  Effort,
  Handlers,
  KeyStatus,
  ModelList,
  Preferences,
  Problem,
  ProviderSummary,
  SettingsView,
} from "../contract";

const EFFORTS: Effort[] = ["low", "medium", "high"];
const PREFERENCES: Preferences = {
  theme: "system",
  textSize: "standard",
  language: "",
  shortcuts: {},
  defaultProvider: null,
  defaultModel: null,
  defaultTemperature: null,
  defaultMaxTokens: null,
  defaultEffort: null,
  defaultSystemPrompt: null,
  favourites: [],
  recordRequests: true,
  titleProvider: null,
  titleModel: null,
  budgets: { answer: null, conversation: null, day: null, month: null },
  limits: { inferences: 5, sessions: 20 },
  deadlines: { overallMs: 120_000, firstMs: 60_000, firstSilentMs: 300_000, betweenMs: 30_000 },
};
const CLOUD = "cloud";
const NO_KEY: Problem = { code: "API_KEY_ERROR", message: "There is no key for it" };
const HINT_CHARACTERS = 4;

export type FakeChoices = Pick<Handlers, "settings" | "keys"> & {
  readonly providers: Omit<Handlers["providers"], "add" | "remove" | "restore">;
};

/**
 * Creates the settings with the page's own provider, and one that needs a key. `publishDefaults` is
 * called after each change.
 */
export function createFakeChoices(
  providerId: string,
  modelId: string,
  publishDefaults: (defaults: Defaults) => void,
): FakeChoices {
  let preferences = PREFERENCES;
  let hint: string | null = null;

  const view = (): SettingsView => ({ preferences, remarks: [] });

  function key(): KeyStatus {
    const isSet = hint !== null;
    return {
      providerId: CLOUD,
      configured: isSet,
      hint,
      source: isSet ? "session" : null,
      host: isSet ? "cloud.invalid" : null,
      remark: null,
    };
  }

  function models(providerId: string): ModelList {
    const model = {
      contextTokens: null,
      maxOutputTokens: null,
      images: false,
      files: false,
      tools: true,
      reasoning: false,
      efforts: providerId === CLOUD ? EFFORTS : [],
      inputPrice: null,
      outputPrice: null,
      priceDate: null,
    };
    const ids = providerId === CLOUD ? ["large", "small"] : [modelId];
    const found = ids.map((id) => ({ id, name: id, ...model }));
    return { providerId, models: found, listed: true, askedAt: Date.now() };
  }

  return {
    settings: {
      get: view,
      update(change) {
        preferences = { ...preferences, ...(change as Partial<Preferences>) };
        const { limits, deadlines } = change;
        if (limits === null) preferences = { ...preferences, limits: PREFERENCES.limits };
        if (deadlines === null) preferences = { ...preferences, deadlines: PREFERENCES.deadlines };
        const { defaultProvider, defaultModel } = preferences;
        publishDefaults({
          providerId: defaultProvider ?? providerId,
          modelId: defaultModel ?? modelId,
        });
        return view();
      },
      place: () => ({
        data: "…",
        settings: "…/settings.json",
        backups: "…/backups",
        exports: "…/exports",
      }),
    },
    keys: {
      list: () => [key()],
      set(change) {
        hint = change.key.slice(-HINT_CHARACTERS);
        return key();
      },
      remove() {
        hint = null;
        return key();
      },
    },
    providers: {
      list() {
        const provider = (id: string, needsKey: boolean): ProviderSummary => ({
          id,
          name: needsKey ? "Cloud" : "This page",
          kind: needsKey ? "openai-compatible" : "test",
          host: needsKey ? "cloud.invalid" : null,
          local: !needsKey,
          takesKey: needsKey,
          needsKey,
          hasKey: needsKey && hint !== null,
          problem: needsKey && hint === null ? NO_KEY : null,
          removable: false,
          defaultModel: modelId,
        });
        return [provider(providerId, false), provider(CLOUD, true)];
      },
      presets: () => [],
      test(trial) {
        const works = trial.providerId !== CLOUD || hint !== null || trial.key != null;
        return {
          ok: works,
          sentence: works ? "It works" : NO_KEY.message,
          problem: works ? null : NO_KEY,
          modelId,
          firstMs: works ? 120 : null,
          totalMs: works ? 900 : null,
          models: [],
        };
      },
      describe: (model) =>
        models(model.providerId).models.find(({ id }) => id === model.modelId) ?? null,
      models: (request) => models(request.providerId),
    },
  };
}
