/// Builds the page into shell/page, serves it while it is being written, and runs its tests.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const root = import.meta.dirname;
/** Where the host of `dev.py web` listens: its door is passed on, so that it has one origin. */
const host = process.env.TIDEWIRE_HOST;

/**
 * One file for what the first page and the dialogs share: each more would be packed by itself. Another
 * language is awaited while that file is read, so that what it needs is in a file before it. What only
 * dialogs share comes with the first of them.
 */
const GROUPS = [
  { name: "amounts", test: /src\/(i18n\/(amounts|language)|lib\/storage)\.ts$/, priority: 2 },
  { name: "shared", minShareCount: 2, tags: ["$initial" as const], priority: 1 },
  { name: "later", minShareCount: 2 },
];

export default defineConfig({
  root,
  cacheDir: "../node_modules/.vite",
  plugins: [react()],
  server: { host: "127.0.0.1", proxy: host ? { "/door": { target: host, ws: true } } : {} },
  preview: { host: "127.0.0.1" },
  build: {
    outDir: "../shell/page",
    emptyOutDir: true,
    manifest: true,
    // Its libraries want to be named wherever the page is handed on.
    license: { fileName: ".vite/licences.json" },
    target: "es2022",
    // Older web views do not know light-dark(); it is written out for them.
    cssTarget: ["chrome111", "safari16.4"],
    // The page's policy allows no data: address and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { codeSplitting: { groups: GROUPS } } },
  },
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.{ts,tsx}", "src/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    // By default one processor is left free, which on two is half of them.
    maxWorkers: "100%",
    // For a busy machine: no test takes so long unless it hangs.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubGlobals: true,
  },
});
