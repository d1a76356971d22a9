import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const FOLDER = join(import.meta.dirname, "..");
const SOURCES = readdirSync(FOLDER, { recursive: true, encoding: "utf8" })
  .map((name) => name.replaceAll("\\", "/"))
  .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("tests/"))
  .map((name) => [name, readFileSync(join(FOLDER, name), "utf8")] as const);

/** Everything that turns text into markup, script or a request. */
const SINKS =
  /dangerouslySetInnerHTML|innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|DOMParser|document\.write|srcDoc|renderToString|toMarkup|toHTML|\.value\b.*highlight|\beval\b|new Function|fetch\(|XMLHttpRequest|sendBeacon|WebSocket|<(?:script|iframe|object|embed|link|style|base|form)\b/;
/**
 * The allowed imports: React, the lexer, the highlighter and the typesetter, but nothing of the app.
 */
const ALLOWED =
  /^(?:react|marked|katex|lowlight|highlight\.js\/lib\/languages\/\w+|\.\/(?:(?:parse|render)\/)?[\w.]+|\.\.\/(?:parse|render)\/[\w.]+)$/;

test.each(SOURCES)("%s has no way to make markup out of text", (_, source) => {
  const code = source.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
  expect(SINKS.exec(code)?.[0]).toBe(undefined);
});

test.each(SOURCES)("%s imports nothing of the app", (_, source) => {
  const imported = [...source.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(
    ([, name]) => name,
  );
  expect(imported.filter((name) => !ALLOWED.test(name ?? ""))).toEqual([]);
});
