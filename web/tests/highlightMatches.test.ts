/** Matches are found as the host finds them; amounts are formatted for people. */
import { describe, expect, it } from "vitest";
import { placesOf, wordsOf } from "../src/features/transcript/highlightMatches";
import { money } from "../src/i18n/format";

const found = (text: string, query: string) =>
  placesOf(text, wordsOf(query)).map(([start, end]) => text.slice(start, end));

describe("search words", () => {
  it("match without case and accents, and as the beginning of a longer word", () => {
    expect(found("Über Boote, BOAT and boats", "boat uber")).toEqual(["BOAT", "boat", "Über"]);
    expect(found("ÉLÈVE", "eleve")).toEqual(["ÉLÈVE"]);
    expect(found("e\u0301te\u0301", "ete")).toEqual(["e\u0301te\u0301"]);
  });

  it("have their position in the original text", () => {
    expect(found("🛶 ﬁsh İ straße fish", "fish")).toEqual(["ﬁsh", "fish"]);
  });

  it("can be a phrase, finished or not", () => {
    expect(wordsOf('one "two three" "four fi')).toEqual(["one", "two three", "four fi"]);
    expect(wordsOf('"" "')).toEqual([]);
  });

  it("are limited, so that the page stays responsive", () => {
    expect(placesOf("a".repeat(100_000), ["a"])).toHaveLength(500);
  });
});

describe("a sum of money", () => {
  it("keeps its significant digits", () => {
    expect([0.0031, 0.00000001, 0.5, 12.345, 0].map(money)).toEqual([
      "$0.0031",
      "< $0.0001",
      "$0.50",
      "$12.35",
      "$0",
    ]);
  });
});
