/// Builds the page that all renderers are measured on, for production.
import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  cacheDir: resolve(import.meta.dirname, "../../.bench/vite"),
  plugins: [react()],
  // Every renderer uses one and the same copy of what it shares with the others.
  resolve: { dedupe: ["react", "react-dom", "marked", "katex", "highlight.js"] },
  build: {
    outDir: resolve(import.meta.dirname, "../../.bench/renderers"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 2_000,
  },
});
