/** The page's language is the chosen one, else the system's; dates follow the system. */
import { expect, it } from "vitest";
import { german } from "../src/i18n/de";
import { costsInGerman } from "../src/i18n/de/costs";
import { settingsInGerman } from "../src/i18n/de/settings";
import { english } from "../src/i18n/en";
import { costsInEnglish } from "../src/i18n/en/costs";
import { settingsInEnglish } from "../src/i18n/en/settings";
import { directionOf, languageOf, localeOf, PSEUDO } from "../src/i18n/language";
import { pseudo } from "../src/i18n/pseudo";

it.each([
  ["", ["de-AT", "en"], "de"],
  ["", ["fr", "de"], "de"],
  ["", ["fr"], "en"],
  ["de", ["en"], "de"],
  ["fr", ["de"], "en"],
  ["en-xb", ["de"], PSEUDO],
  ["", ["en-GB"], "en"],
  ["", [], "en"],
])("of “%s” and %j is %s", (preference, system, language) =>
  expect(languageOf(preference, system)).toBe(language),
);

it("writes dates as the system does, if it uses the page's language", () => {
  expect(localeOf("en", ["de", "en-GB"])).toBe("en-GB");
  expect(localeOf("de", ["en-GB"])).toBe("de");
});

it.each([
  [0, "0 bytes", "0 Byte"],
  [1, "1 byte", "1 Byte"],
  [999, "999 bytes", "999 Byte"],
  [1_000, "1 kB", "1 kB"],
  [1_540, "1.5 kB", "1,5 kB"],
  [54_321, "54.3 kB", "54,3 kB"],
  [134_400, "134 kB", "134 kB"],
  [999_500, "1 MB", "1 MB"],
  [20_000_000, "20 MB", "20 MB"],
  [1_234_500_000, "1,235 MB", "1.235 MB"],
])("writes a size of %d bytes in the unit that people use", (bytes, inEnglish, inGerman) => {
  expect(english.size(bytes)).toBe(inEnglish);
  expect(german.size(bytes)).toBe(inGerman);
});

it("mirrors the pseudo-language, and brackets every text of it", () => {
  expect(directionOf(PSEUDO)).toBe("rtl");
  expect(directionOf("de")).toBe("ltr");
  const strings = pseudo(english);
  expect(strings.send).toBe("[Send]");
  expect(strings.queued("now")).toBe("[Queued: now]");
  expect(strings.suggestions[0]?.title).toBe("[Explain something]");
});

/** Names, signs, and words that German has from where English has them. */
const SHARED = [
  "appName",
  "import",
  "name",
  "later.costs.budget",
  "later.costs.budgets",
  "later.settings.seconds",
  "later.settings.serverKinds.openai-compatible",
  "later.settings.serverKinds.openai-responses",
  "later.settings.serverKinds.anthropic",
  "keyNames.alt",
  "later.settings.exportFormats.json",
  "later.settings.exportFormats.md",
  "later.settings.facts.version",
  "later.settings.facts.platform",
  // The model on this computer knows English only.
  ...[0, 1, 2].map((place) => `localSuggestions.${place}.prompt`),
];

it("has every text in German, in words of its own", () => {
  const leaves = (texts: object, path = ""): [string, unknown][] =>
    Object.entries(texts).flatMap(([name, text]) =>
      typeof text === "object" ? leaves(text, `${path}${name}.`) : [[path + name, text]],
    );
  // Only German has a table of the host's messages: the host's own language is English.
  const { host: _none, ...first } = english;
  const { host: _some, ...others } = german;
  const inEnglish = { ...first, later: { settings: settingsInEnglish, costs: costsInEnglish } };
  const inGerman = { ...others, later: { settings: settingsInGerman, costs: costsInGerman } };
  const there = new Map(leaves(inGerman));
  const same = leaves(inEnglish).filter(([name, text]) => there.get(name) === text);
  expect(there.size).toBe(leaves(inEnglish).length);
  expect(same.map(([name]) => name).sort()).toEqual([...SHARED].sort());
});
