/** The classes of the style sheets and those that components use are the same. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");
const paths = readdirSync(SRC, { recursive: true, encoding: "utf8" }).map((path) =>
  join(SRC, path),
);
const sheets = paths.filter((path) => path.endsWith(".module.css"));
const read = (path: string) => readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/ .*/g, "");

/** The classes that the selectors of a sheet name. */
function classesIn(sheet: string): string[] {
  const css = read(sheet).replace(/@[^{;]*[{;]|:global\([^)]*\)/g, "");
  const selectors = [...css.matchAll(/[^{};]+(?=\{)/g)].join("\n");
  const names = [...selectors.matchAll(/\.([A-Za-z][\w-]*)/g)].map(([, name = ""]) => name);
  return [...new Set(names)].sort();
}

/** The classes that components and other classes use, by sheet. */
const used = new Map(sheets.map((sheet) => [sheet, new Set<string>()]));
/** The sheets from which a component takes classes by a computed name. */
const computed = new Set<string>();

for (const sheet of sheets) {
  for (const [, names = "", from] of read(sheet).matchAll(
    /composes: ([^;]+?)(?: from ([^;]+))?;/g,
  )) {
    const target = from === undefined ? sheet : resolve(dirname(sheet), from.slice(1, -1));
    for (const name of names.split(/\s+/)) used.get(target)?.add(name);
  }
}
for (const path of paths.filter((name) => /\.tsx?$/.test(name))) {
  const text = read(path);
  for (const [, styles, from = ""] of text.matchAll(/import (\w+) from "(.+\.module\.css)"/g)) {
    const sheet = resolve(dirname(path), from);
    for (const [, name = ""] of text.matchAll(new RegExp(`[^"./\\w]${styles}\\.(\\w+)`, "g"))) {
      used.get(sheet)?.add(name);
    }
    if (text.includes(`${styles}[`)) computed.add(sheet);
  }
}

it.each(sheets.map((sheet) => [sheet.slice(SRC.length + 1), sheet]))("%s", (_, sheet) => {
  const classes = classesIn(sheet);
  expect(classes.length).toBeGreaterThan(0);
  const usedHere = [...(used.get(sheet) ?? [])].sort();
  if (computed.has(sheet)) expect(classes).toEqual(expect.arrayContaining(usedHere));
  else expect(classes).toEqual(usedHere);
});
