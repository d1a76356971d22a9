/** Favorites and recently used models come first; a search lists each model once. */
import { expect, it } from "vitest";
import type { Failure, ModelSummary, Problem, ProviderSummary } from "../src/bridge/contract";
import { modelGroups, type Sources } from "../src/features/models/modelGroups";

const provider = (id: string, problem: Problem | null = null): ProviderSummary => ({
  id,
  name: id.toUpperCase(),
  kind: "openai-compatible",
  host: null,
  local: false,
  takesKey: false,
  needsKey: false,
  hasKey: false,
  defaultModel: "standard",
  removable: true,
  problem,
});

const model = (id: string): ModelSummary => ({
  id,
  name: `The ${id}`,
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
});

const listed = (providerId: string, ...ids: string[]) => ({
  list: { providerId, models: ids.map(model), listed: true, askedAt: 0 },
  problem: null,
  isLoading: false,
});

const SOURCES: Sources = {
  providers: [
    provider("one"),
    provider("two"),
    provider("broken", { code: "API_KEY_ERROR", message: "No key" }),
  ],
  lists: { one: listed("one", "large", "small"), two: listed("two", "large") },
  favourites: [{ providerId: "two", modelId: "large" }],
  recent: [
    { providerId: "one", modelId: "small" },
    { providerId: "two", modelId: "large" },
    { providerId: "gone", modelId: "x" },
  ],
  query: "",
};

function shownGroups(change: Partial<Sources> = {}): string[] {
  const groups = modelGroups({ ...SOURCES, ...change });
  return groups.map(({ title, options }) => {
    const names = options.map((option) => `${option.providerId}/${option.model.id}`);
    return `${title}: ${names.join(" ")}`;
  });
}

it("lists favorites, then other recently used models, then those of the available providers", () => {
  expect(shownGroups()).toEqual([
    "Favorites: two/large",
    "Recently used: one/small",
    "ONE: one/large one/small",
    "TWO: two/large",
  ]);
});

it("finds each model once, by all words, in its name or its provider's", () => {
  expect(shownGroups({ query: "large" })).toEqual(["ONE: one/large", "TWO: two/large"]);
  expect(shownGroups({ query: "LARGE two" })).toEqual(["TWO: two/large"]);
  expect(shownGroups({ query: "the small" })).toEqual(["ONE: one/small"]);
  expect(shownGroups({ query: "nothing" })).toEqual([]);
});

it("finds a model by its letters and digits alone", () => {
  const lists = { one: listed("one", "gpt-4o", "gpt-4o-mini", "gpt-4.1") };
  const found = (query: string) => shownGroups({ lists, query });
  expect(found("gpt4o")).toEqual(["ONE: one/gpt-4o one/gpt-4o-mini"]);
  expect(found("4omini")).toEqual(["ONE: one/gpt-4o-mini"]);
  expect(found("one 41")).toEqual(["ONE: one/gpt-4.1"]);
});

it("has no model of a provider whose models cannot be listed now", () => {
  const problem = { code: "NETWORK_ERROR", message: "No connection" } as Failure;
  const lists = { ...SOURCES.lists, two: { ...listed("two", "large"), problem } };
  expect(shownGroups({ lists })).toEqual(["Recently used: one/small", "ONE: one/large one/small"]);
});

it("has the standard model of a provider whose list is not known yet", () => {
  expect(shownGroups({ lists: {}, favourites: [], recent: [] })).toEqual([
    "ONE: one/standard",
    "TWO: two/standard",
  ]);
});

it("has no model of a server that chooses by itself, until it has listed its own", () => {
  const own = { ...provider("own"), defaultModel: "default" };
  expect(shownGroups({ providers: [own], lists: {} })).toEqual([]);
  expect(shownGroups({ providers: [own], lists: { own: listed("own", "small") } })).toEqual([
    "OWN: own/small",
  ]);
});

it("marks a favourite wherever it stands", () => {
  const groups = modelGroups(SOURCES);
  const marked = groups.flatMap(({ options }) => options).filter((option) => option.isFavourite);
  expect(marked.map(({ providerId }) => providerId)).toEqual(["two", "two"]);
});
