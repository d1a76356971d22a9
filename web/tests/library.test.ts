/** The built library in a page of another program, with the examples of the docs. */
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { screen, waitFor } from "@testing-library/react";
import { build, type InlineConfig, type Plugin, type Rolldown } from "vite";
import { afterEach, expect, it, vi } from "vitest";
import { createFakeTransport } from "../src/bridge/fake/transport";

const WEB = resolve(import.meta.dirname, "..");
const LONG = 120_000;

afterEach(() => document.body.replaceChildren());

async function built(config: InlineConfig): Promise<Rolldown.OutputChunk> {
  const quiet = { logLevel: "error", mode: "production" } as const;
  const result = await build({ ...config, ...quiet, build: { ...config.build, write: false } });
  const [chunk] = [result].flat().flatMap((output) => ("output" in output ? output.output : []));
  return chunk?.type === "chunk" ? chunk : expect.fail("nothing was built");
}

/** The first two examples of docs/hook.md as files beside the modules that they import. */
function examples(): Plugin {
  const docs = readFileSync(resolve(WEB, "../docs/hook.md"), "utf8");
  const [question = "", main = ""] = [...docs.matchAll(/```tsx\n(.*?)```/gs)].map(
    ([, code]) => code,
  );
  const files = new Map([
    [resolve(WEB, "src/Ask.tsx"), question],
    [resolve(WEB, "src/example.tsx"), main],
  ]);
  return {
    name: "examples",
    enforce: "pre",
    resolveId: (id) =>
      [...files.keys()].find((path) => basename(path) === `${basename(id, ".tsx")}.tsx`),
    load: (id) => files.get(id),
  };
}

/** A window around the page: the fake host behind the dispatcher that pywebview puts there. */
function windowAround(page: Window & { __shell?: { receive: (...push: never[]) => unknown } }) {
  const host = createFakeTransport({ answer: "echo", rate: 0 });
  let opened = false;
  const _jsApiCallback = (_: string, text: string, load: string): void => {
    if (!opened) {
      opened = true;
      const receive = (...push: never[]) => page.__shell?.receive(...push);
      const nothing = () => {};
      host.open({ load, connected: nothing, receive, lost: nothing, refused: nothing } as never);
    }
    setTimeout(() => host.post(text), 10);
  };
  vi.stubGlobal("pywebview", { _jsApiCallback });
}

it(
  "runs the example of the hook",
  async () => {
    vi.stubEnv("NODE_ENV", "production");
    const { code } = await built({
      configFile: false,
      plugins: [examples()],
      resolve: {
        alias: { "tidewire/react": resolve(WEB, "src/llm"), tidewire: resolve(WEB, "src/library") },
      },
      define: { "process.env.NODE_ENV": '"production"' },
      build: { target: "es2022", lib: { entry: "./example.tsx", formats: ["es"] } },
    });
    vi.unstubAllEnvs();
    document.body.append(document.createElement("main"));
    windowAround(window as never);
    expect("llm" in window).toBe(false);
    await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`);
    (await screen.findByText("Ask", {})).click();
    await screen.findByText("Why are there tides?", {});
    await waitFor(() => expect(screen.queryByText("Stop")).toBeNull());
  },
  LONG,
);

it(
  "needs no other file, and gives its page all that an inference needs",
  async () => {
    const bridge = await built({ configFile: resolve(WEB, "library.config.ts") });
    expect(bridge.imports).toEqual([]);
    expect(bridge.exports.sort()).toEqual([
      "HostError",
      "codeOf",
      "connect",
      "createInference",
      "createLlm",
    ]);
  },
  LONG,
);
