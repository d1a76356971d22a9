/** The layers: imports only go down, and the lower ones know nothing of React or of the window. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

/** From the bottom up. A layer may import itself and what stands in its row. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  bridge: [],
  llm: ["bridge"],
  markdown: [],
  attachments: ["bridge", "llm"],
  conversations: ["bridge", "llm", "attachments"],
  settings: ["bridge", "llm"],
  library: ["bridge", "llm"],
  strings: ["bridge"],
  chat: ["bridge", "llm", "markdown", "conversations", "settings", "strings", "attachments"],
  App: ["bridge", "llm", "conversations", "settings", "strings", "chat"],
  main: ["bridge", "llm", "conversations", "settings", "strings", "chat", "App"],
};
const WITHOUT_REACT = [
  "bridge/",
  "llm/reduce",
  "llm/store",
  "llm/pace",
  "llm/run",
  "llm/inference",
];

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

const layerOf = (path: string): string => path.split("/")[0]?.replace(/\.\w+$/, "") ?? "";

it("finds the page's sources", () => {
  const layers = new Set(sources.map(({ path }) => layerOf(path)));
  for (const layer of ["bridge", "llm", "chat", "App", "main"]) expect(layers).toContain(layer);
  expect([...layers].filter((layer) => !(layer in MAY_IMPORT))).toEqual([]);
});

it("imports only go down", () => {
  const upward: string[] = [];
  for (const { path, imports } of sources) {
    const own = layerOf(path);
    for (const name of imports) {
      if (!name.startsWith(".") || name.endsWith(".css")) continue;
      const target = layerOf(relative(SRC, resolve(SRC, dirname(path), name)));
      if (target !== own && !MAY_IMPORT[own]?.includes(target)) upward.push(`${path} → ${name}`);
    }
  }
  expect(upward).toEqual([]);
});

it("only the bridge touches window.pywebview", () => {
  const touching = sources.filter(({ text }) =>
    /\bpywebview\b/.test(text.replace(/"pywebview"/g, "")),
  );
  expect(touching.map(({ path }) => layerOf(path)).filter((layer) => layer !== "bridge")).toEqual(
    [],
  );
});

it("the bridge, reduce, the store and runs import no React", () => {
  const lower = sources.filter(({ path }) => WITHOUT_REACT.some((name) => path.startsWith(name)));
  expect(lower.length).toBeGreaterThan(15);
  const found = lower.filter(({ imports }) => imports.some((name) => name.startsWith("react")));
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
