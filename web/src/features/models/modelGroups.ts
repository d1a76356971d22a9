/** Groups the models of the available providers. */
import type { Favourite, ModelList, ModelSummary, ProviderSummary } from "../../bridge/contract";
import { strings } from "../../i18n";
import type { ModelListState } from "../../settings/settings";

export interface ModelOption {
  readonly providerId: string;
  readonly providerName: string;
  readonly model: ModelSummary;
  readonly isFavourite: boolean;
}

export interface ModelGroup {
  readonly id: string;
  readonly title: string;
  readonly isLocal: boolean;
  /** Contains models of several providers, so that each has to show its own. */
  readonly isMixed: boolean;
  readonly options: readonly ModelOption[];
}

export interface Sources {
  readonly providers: readonly ProviderSummary[];
  readonly lists: Readonly<Record<string, ModelListState>>;
  readonly favourites: readonly Favourite[];
  readonly recent: readonly Favourite[];
  readonly query: string;
}

/**
 * Favorites, recently used models, then the models of each provider. A search lists each matching model
 * once, with its provider. Every word must occur in the name of the model or of the provider;
 * punctuation is ignored.
 */
export function modelGroups(sources: Sources): readonly ModelGroup[] {
  const { providers, lists, favourites, recent, query } = sources;
  const isFavourite = (by: Favourite) => favourites.some((favourite) => isSameModel(favourite, by));
  const words = query.split(/\s+/).map(normalize).filter(Boolean);
  const all = providers
    .filter((provider) => isReady(provider, lists[provider.id]))
    .map((provider): ModelGroup => {
      const options = modelsOf(provider, lists[provider.id]?.list ?? null).map(
        (model): ModelOption => ({
          providerId: provider.id,
          providerName: provider.name,
          model,
          isFavourite: isFavourite({ providerId: provider.id, modelId: model.id }),
        }),
      );
      const { id, name, local } = provider;
      return { id, title: name, isLocal: local, isMixed: false, options };
    });
  if (words.length > 0) {
    const isMatch = (option: ModelOption) => matches(option, words);
    return withoutEmpty(all.map((group) => ({ ...group, options: group.options.filter(isMatch) })));
  }
  const known = all.flatMap(({ options }) => options);
  const optionsOf = (models: readonly Favourite[]) =>
    models.flatMap((by) => known.find((option) => isSameModel(modelRefOf(option), by)) ?? []);
  const mixed = { isLocal: false, isMixed: true };
  const others = recent.filter((by) => !isFavourite(by));
  return withoutEmpty([
    { id: "favourites", title: strings.favourites, ...mixed, options: optionsOf(favourites) },
    { id: "recent", title: strings.recentModels, ...mixed, options: optionsOf(others) },
    ...all,
  ]);
}

export function modelRefOf({ providerId, model }: ModelOption): Favourite {
  return { providerId, modelId: model.id };
}

export function isSameModel(one: Favourite, other: Favourite): boolean {
  return one.providerId === other.providerId && one.modelId === other.modelId;
}

function matches({ model, providerName }: ModelOption, words: readonly string[]): boolean {
  const names = [model.id, model.name, providerName].map(normalize);
  return words.every((word) => names.some((name) => name.includes(word)));
}

/** Letters and digits only: people write "gpt4o" for "gpt-4o". */
const normalize = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");

/** Whether a provider seems able to answer: nothing is missing, and its models could be listed. */
export function isReady({ problem }: ProviderSummary, listed: ModelListState | undefined): boolean {
  return problem === null && (listed?.problem ?? null) === null;
}

function withoutEmpty(groups: readonly ModelGroup[]): readonly ModelGroup[] {
  return groups.filter(({ options }) => options.length > 0);
}

/** The host's name for a server's own choice, which is no actual model. */
const ANY_MODEL = "default";

/** Until its list is known, a provider offers its default model. */
function modelsOf(provider: ProviderSummary, list: ModelList | null): readonly ModelSummary[] {
  if (list !== null) return list.models;
  const { defaultModel } = provider;
  if (defaultModel === ANY_MODEL) return [];
  return [{ ...NOTHING_KNOWN, id: defaultModel, name: defaultModel }];
}

const NOTHING_KNOWN: Omit<ModelSummary, "id" | "name"> = {
  contextTokens: null,
  maxOutputTokens: null,
  images: false,
  files: false,
  tools: false,
  reasoning: false,
  efforts: [],
  inputPrice: null,
  outputPrice: null,
  priceDate: null,
};
