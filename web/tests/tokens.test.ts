/** The design tokens have enough contrast, and styles use no numbers of their own. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");
const tokens = readFileSync(join(SRC, "styles/tokens.css"), "utf8");
const THEMES = ["light", "dark"] as const;
const GROUNDS = ["paper", "raised", "sunken", "side"];
const TEXTS = ["ink", "ink-soft", "ink-faint", "tide", "alarm"];

/** The color of a token in a theme, as its relative luminance. */
function luminance(token: string, theme: (typeof THEMES)[number]): number {
  const found = new RegExp(`--${token}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(tokens);
  const color = found?.[theme === "light" ? 1 : 2] ?? "";
  const [red = Number.NaN, green = 0, blue = 0] = [1, 3, 5].map((place) => {
    const part = Number.parseInt(color.slice(place, place + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string, theme: (typeof THEMES)[number]): number {
  const [dark = 0, light = 0] = [luminance(one, theme), luminance(other, theme)].sort(
    (a, b) => a - b,
  );
  return (light + 0.05) / (dark + 0.05);
}

describe.each(THEMES)("in the %s theme", (theme) => {
  it.each(GROUNDS)("the edge of a field is at least 3 : 1 on %s", (ground) => {
    expect(contrast("field", ground, theme)).toBeGreaterThanOrEqual(3);
  });

  it.each(GROUNDS)("texts are at least 4.5 : 1 on %s", (ground) => {
    for (const text of TEXTS) {
      expect(contrast(text, ground, theme), text).toBeGreaterThanOrEqual(4.5);
    }
  });
});

it("style sheets take their numbers from the tokens", () => {
  const byHand =
    /z-index: \d|font-weight: \d|font-size: [\d.]+rem|border-radius: (var\(--space|[\d.]{2,}rem|2rem)|[^.\d](2\.25|3\.25)rem/g;
  const sheets = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter(
    // What renders Markdown is used outside of this page, too.
    (name) => name.endsWith(".css") && !/^(styles\/tokens|markdown)/.test(name),
  );
  expect(sheets.length).toBeGreaterThan(30);
  const found = sheets.flatMap((name) =>
    [...readFileSync(join(SRC, name), "utf8").matchAll(byHand)].map(([rule]) => `${name}: ${rule}`),
  );
  expect(found).toEqual([]);
});

it("fields have that edge, wherever they stand", () => {
  const base = readFileSync(join(SRC, "styles/base.css"), "utf8");
  expect(
    /:where\(\s*input:not[^{]*textarea\s*\) \{[^}]*border: 1px solid var\(--field\)/.test(base),
  ).toBe(true);
});
