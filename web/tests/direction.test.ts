/** The style sheets use no physical left or right, so the layout works in both writing directions. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

const sheets = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".css"))
  .map((path) => ({ path, text: readFileSync(join(SRC, path), "utf8") }));

/** The parts of a value: a space inside of parentheses parts nothing. */
const partsOf = (value: string): string[] =>
  value.match(/(?:[^\s()]|\((?:[^()]|\([^()]*\))*\))+/g) ?? [];

/** Declarations of a style sheet that mention the left or the right. */
function sidesIn(text: string): string[] {
  const found: string[] = [];
  for (const [rule, name = "", value = ""] of text.matchAll(/([\w-]+)\s*:\s*([^;{}]+);/g)) {
    const [, second, , fourth] = partsOf(value);
    const isShort = /^(padding|margin|inset|border-(width|style|color))$/.test(name);
    const isSided = /(^|-)(left|right)$/.test(name);
    const isAligned =
      /^(text-align|float|clear|justify-.*)$/.test(name) && /^(left|right)$/.test(value);
    if (isSided || isAligned || (isShort && second !== fourth && fourth !== undefined)) {
      found.push(rule);
    }
  }
  return found;
}

it("sees a side where there is one", () => {
  expect(sidesIn("a { padding: 0 1px 0 calc(2 * var(--b)); }")).toHaveLength(1);
  expect(sidesIn("a { margin-left: 1px; text-align: right; }")).toHaveLength(2);
  expect(sidesIn("a { padding: 0 calc(-1 * var(--b)) 1px calc(-1 * var(--b)); }")).toEqual([]);
  expect(sheets.length).toBeGreaterThan(20);
});

it("has no left and no right", () => {
  const sided = sheets.flatMap(({ path, text }) => sidesIn(text).map((rule) => `${path}: ${rule}`));
  expect(sided).toEqual([]);
});

it("asks for the direction by its attribute", () => {
  // The build writes `:dir()` out for older web views, as a list of languages: not as a direction.
  expect(sheets.filter(({ text }) => text.includes(":dir(")).map(({ path }) => path)).toEqual([]);
});
