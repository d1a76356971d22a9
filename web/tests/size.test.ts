/** Size limits of the first page load, and of the hook in another app. */
import { resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { build, type InlineConfig, type Rolldown } from "vite";
import { beforeAll, describe, expect, it, vi } from "vitest";

const WEB = resolve(import.meta.dirname, "..");
const LONG = 120_000;

type File = Rolldown.OutputChunk | Rolldown.OutputAsset;

/** The output of a production build. */
async function built(config: InlineConfig): Promise<readonly File[]> {
  // Or React would come with everything that it has for its developers.
  vi.stubEnv("NODE_ENV", "production");
  const result = await build({ ...config, logLevel: "error", mode: "production" });
  vi.unstubAllEnvs();
  if (!Array.isArray(result) && !("output" in result)) throw new Error("it watches");
  return [result].flat().flatMap(({ output }) => output);
}

function gzipped(files: readonly File[]): number {
  const contents = files.map((file) => (file.type === "chunk" ? file.code : file.source));
  return contents.reduce((sum, content) => sum + gzipSync(content).length, 0);
}

describe("the page", () => {
  let files: readonly File[] = [];
  let first: readonly File[] = [];

  beforeAll(async () => {
    const config = { configFile: resolve(WEB, "vite.config.ts"), build: { write: false } };
    files = await built(config);
    const chunks = files.filter((file) => file.type === "chunk");
    const entries = new Set(chunks.filter(({ isEntry }) => isEntry).map((chunk) => chunk.fileName));
    for (const name of entries) {
      const chunk = chunks.find(({ fileName }) => fileName === name);
      for (const next of chunk?.imports ?? []) entries.add(next);
      for (const sheet of chunk?.viteMetadata?.importedCss ?? []) entries.add(sheet);
    }
    first = files.filter(({ fileName }) => entries.has(fileName));
  }, LONG);

  it("loads at most 180 KB before it is there", () => {
    expect(first.length).toBeGreaterThan(2);
    expect(gzipped(first)).toBeGreaterThan(60_000);
    expect(gzipped(first)).toBeLessThanOrEqual(180_000);
  });

  it.each(["katex", "highlight.js", "bridge/fake", "ui/form/TypedForm"])(
    "loads %s when it is needed",
    (part) => {
      const holds = (some: readonly File[]): boolean =>
        some.some(
          (file) => file.type === "chunk" && file.moduleIds.some((id) => id.includes(part)),
        );
      expect(holds(files)).toBe(true);
      expect(holds(first)).toBe(false);
    },
  );
});

it(
  "the hook and its store are 5 KB, without React",
  async () => {
    const entry = resolve(WEB, "src/llm/index.ts");
    const files = await built({
      configFile: false,
      build: {
        write: false,
        target: "es2022",
        lib: { entry, formats: ["es"], fileName: "hook" },
        rolldownOptions: { external: [/^react/] },
      },
    });
    const [hook] = files;
    expect(hook?.type === "chunk" && hook.imports).toEqual(["react", "react/jsx-runtime"]);
    expect(gzipped(files)).toBeGreaterThan(2_000);
    expect(gzipped(files)).toBeLessThanOrEqual(5_000);
  },
  LONG,
);
