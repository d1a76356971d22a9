/** Language: the one that was chosen, else the system's; dates as the system writes them. */
import { expect, it } from "vitest";
import { english } from "../src/strings/en";
import { directionOf, languageOf, localeOf, PSEUDO } from "../src/strings/language";
import { pseudo } from "../src/strings/pseudo";

it.each([
  ["", ["de-AT", "en"], "de"],
  ["", ["fr", "de"], "de"],
  ["", ["fr"], "en"],
  ["de", ["en"], "de"],
  ["fr", ["de"], "en"],
  ["en-xb", ["de"], PSEUDO],
  ["", ["en-GB"], "en"],
])("of “%s” and %j is %s", (wanted, system, language) =>
  expect(languageOf(wanted, system)).toBe(language),
);

it("writes dates as the system does, where that speaks the page's language", () => {
  expect(localeOf("en", ["de", "en-GB"])).toBe("en-GB");
  expect(localeOf("de", ["en-GB"])).toBe("de");
});

it("mirrors the pseudo-language, and brackets every text of it", () => {
  expect(directionOf(PSEUDO)).toBe("rtl");
  expect(directionOf("de")).toBe("ltr");
  const strings = pseudo(english);
  expect(strings.send).toBe("[Send]");
  expect(strings.queued("now")).toBe("[Next: now]");
  expect(strings.suggestions[0]?.title).toBe("[Explain something]");
});
