/** Choices of the fake host: settings, providers and keys, as long as the page lives. */
import type {
  KeyChange,
  KeyStatus,
  ModelList,
  ModelRequest,
  ModelSummary,
  ModelsRequest,
  Preferences,
  PreferencesChange,
  Problem,
  ProviderSummary,
  SettingsView,
  TrialReport,
  TrialRequest,
} from "../contract";
import { refusal } from "./refusal";

const PREFERENCES: Preferences = {
  theme: "system",
  textSize: "standard",
  language: "",
  shortcuts: {},
  defaultProvider: null,
  defaultModel: null,
  defaultTemperature: null,
  defaultMaxTokens: null,
  defaultSystemPrompt: null,
  favourites: [],
  titleProvider: null,
  titleModel: null,
  limits: { inferences: 5, sessions: 20 },
  deadlines: { overallMs: 120_000, firstMs: 60_000, firstSilentMs: 300_000, betweenMs: 30_000 },
};
const CLOUD = "cloud";
const NO_KEY: Problem = { code: "API_KEY_ERROR", message: "There is no key for it" };
const HINT_CHARACTERS = 4;

export class FakeChoices {
  #preferences = PREFERENCES;
  #hint: string | null = null;
  readonly #by: { readonly providerId: string; readonly modelId: string };

  constructor(by: { readonly providerId: string; readonly modelId: string }) {
    this.#by = by;
  }

  /** Carry out one call of `settings`, `keys` or `providers`. */
  call(method: string, params: unknown): unknown {
    switch (method) {
      case "settings.get":
        return this.#view();
      case "settings.update":
        return this.#update(params as PreferencesChange);
      case "settings.place":
        return {
          data: "…",
          settings: "…/settings.json",
          backups: "…/backups",
          exports: "…/exports",
        };
      case "keys.list":
        return [this.#key()];
      case "keys.set":
        this.#hint = (params as KeyChange).key.slice(-HINT_CHARACTERS);
        return this.#key();
      case "keys.remove":
        this.#hint = null;
        return this.#key();
      case "providers.list":
        return this.#providers();
      case "providers.presets":
        return [];
      case "providers.test":
        return this.#test(params as TrialRequest);
      case "providers.describe":
        return this.#describe(params as ModelRequest);
      case "providers.models":
        return this.#models(params as ModelsRequest);
      default:
        throw refusal("NOT_FOUND", `There is no method '${method}'`);
    }
  }

  #view(): SettingsView {
    return { preferences: this.#preferences, remarks: [] };
  }

  #update(change: PreferencesChange): SettingsView {
    this.#preferences = { ...this.#preferences, ...(change as Partial<Preferences>) };
    return this.#view();
  }

  #key(): KeyStatus {
    const configured = this.#hint !== null;
    return {
      providerId: CLOUD,
      configured,
      hint: this.#hint,
      source: configured ? "session" : null,
      host: configured ? "cloud.invalid" : null,
      remark: null,
    };
  }

  #providers(): ProviderSummary[] {
    const { providerId, modelId } = this.#by;
    const hasKey = this.#hint !== null;
    const common = { removable: false, defaultModel: modelId };
    return [
      {
        ...common,
        id: providerId,
        name: "This page",
        kind: "test",
        host: null,
        local: true,
        takesKey: false,
        needsKey: false,
        hasKey: false,
        problem: null,
      },
      {
        ...common,
        id: CLOUD,
        name: "Cloud",
        kind: "openai-compatible",
        host: "cloud.invalid",
        local: false,
        takesKey: true,
        needsKey: true,
        hasKey,
        problem: hasKey ? null : NO_KEY,
      },
    ];
  }

  #test({ providerId, key }: TrialRequest): TrialReport {
    const works = providerId !== CLOUD || this.#hint !== null || key != null;
    return {
      ok: works,
      sentence: works ? "It works" : NO_KEY.message,
      problem: works ? null : NO_KEY,
      modelId: this.#by.modelId,
      firstMs: works ? 120 : null,
      totalMs: works ? 900 : null,
      models: [],
    };
  }

  #describe({ providerId, modelId }: ModelRequest): ModelSummary | null {
    return this.#models({ providerId }).models.find(({ id }) => id === modelId) ?? null;
  }

  #models({ providerId }: ModelsRequest): ModelList {
    const { modelId } = this.#by;
    const model = {
      contextTokens: null,
      maxOutputTokens: null,
      images: false,
      files: false,
      tools: false,
      reasoning: false,
      inputPrice: null,
      outputPrice: null,
    };
    const ids = providerId === CLOUD ? ["large", "small"] : [modelId];
    const models = ids.map((id) => ({ id, name: id, ...model }));
    return { providerId, models, listed: true, askedAt: Date.now() };
  }
}
