/// Builds the bridge alone, for pages of other programs, beside the page in shell/page.
import { resolve } from "node:path";
import { defineConfig } from "vite";

const root = import.meta.dirname;

export default defineConfig({
  root,
  build: {
    outDir: "../shell/page",
    emptyOutDir: false,
    copyPublicDir: false,
    target: "es2022",
    lib: { entry: resolve(root, "src/library.ts"), formats: ["es"], fileName: () => "bridge.js" },
  },
});
