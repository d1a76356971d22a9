/** Imports follow the layers, and the lower layers depend on neither React nor the window. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

/** From the bottom up; between bars stand those that know nothing of each other. */
const ORDER = `
  styles | lib < bridge < llm < library | attachments < conversations < settings | markdown | i18n < ui
  < features/sidebar | features/shortcuts | features/models | features/templates
  < features/settings | features/attachments < features/tools
  < features/wire < features/composer < features/transcript
  < features/recordings < features/chat < App < main
`;
const RANKS = ORDER.split("<").map((rank) => rank.split("|").map((name) => name.trim()));
const MOST_FILES = 30;
const WITHOUT_REACT = ["lib/", "bridge/", "llm/runReducer", "llm/run.", "llm/inference"];

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => /\.tsx?$/.test(name) && !/(^|\/)tests\/|\.test\./.test(name))
  .map((path) => {
    const text = readFileSync(join(SRC, path), "utf8");
    const found = text.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g);
    return { path, text, imports: [...found].map((match) => match[1] ?? "") };
  });

const layerOf = (path: string): string => /^features\/[^/.]+|^[^/.]+/.exec(path)?.[0] ?? "";
const rankOf = (layer: string): number => RANKS.findIndex((rank) => rank.includes(layer));

it("finds the page's sources", () => {
  const layers = new Set(sources.map(({ path }) => layerOf(path)));
  expect([...layers].sort()).toEqual(RANKS.flat().sort());
});

it("imports only go down", () => {
  const upward: string[] = [];
  for (const { path, imports } of sources) {
    const own = layerOf(path);
    for (const name of imports) {
      if (!name.startsWith(".") || name.endsWith(".css")) continue;
      const target = layerOf(relative(SRC, resolve(SRC, dirname(path), name)));
      if (target !== own && rankOf(target) >= rankOf(own)) upward.push(`${path} → ${name}`);
    }
  }
  expect(upward).toEqual([]);
});

it("no files import each other in a circle", () => {
  const names = new Set(sources.map(({ path }) => path));
  const below = new Map(
    sources.map(({ path, imports }) => {
      const found = imports
        .filter((name) => name.startsWith("."))
        .map((name) => relative(SRC, resolve(SRC, dirname(path), name)))
        .flatMap((name) => ["", ".ts", ".tsx", "/index.ts"].map((end) => `${name}${end}`))
        .filter((name) => names.has(name));
      return [path, new Set(found)] as const;
    }),
  );
  // What imports nothing that is left is taken away, until only circles and what needs them are left.
  for (let size = -1; size !== below.size; ) {
    size = below.size;
    for (const [path, targets] of below) {
      if (![...targets].some((target) => below.has(target))) below.delete(path);
    }
  }
  expect([...below.keys()]).toEqual([]);
});

it("a folder is small enough to be read at once", () => {
  const counts = new Map<string, number>();
  for (const entry of readdirSync(SRC, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) counts.set(entry.parentPath, (counts.get(entry.parentPath) ?? 0) + 1);
  }
  expect([...counts].filter(([, count]) => count > MOST_FILES)).toEqual([]);
});

it("only the bridge touches window.pywebview", () => {
  const touching = sources.filter(({ text }) =>
    /\bpywebview\b/.test(text.replace(/"pywebview"/g, "")),
  );
  expect(touching.map(({ path }) => layerOf(path)).filter((layer) => layer !== "bridge")).toEqual(
    [],
  );
});

it("lib, the bridge, the reducer and runs import no React", () => {
  const lower = sources.filter(({ path }) => WITHOUT_REACT.some((name) => path.startsWith(name)));
  expect(lower.length).toBeGreaterThan(15);
  const found = lower.filter(({ text }) => /^import (?!type\b)[^;]*"react/m.test(text));
  expect(found.map(({ path }) => path)).toEqual([]);
});

it("the hook needs nothing but React", () => {
  const packages = sources
    .filter(({ path }) => path.startsWith("llm/"))
    .flatMap(({ imports }) => imports.filter((name) => !name.startsWith(".")));
  expect([...new Set(packages)]).toEqual(["react"]);
});

it("nothing writes HTML, and nothing is fetched from elsewhere", () => {
  const unsafe = /dangerouslySetInnerHTML|\.innerHTML|insertAdjacentHTML|document\.write|\beval\(/;
  const remote = /["'`(]https?:\/\//;
  for (const { path, text } of sources) {
    expect(unsafe.test(text), path).toBe(false);
    if (!path.startsWith("markdown/")) expect(remote.test(text), path).toBe(false);
  }
});
