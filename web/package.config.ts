/// Builds the npm package `tidewire` from the bridge, the hooks and the Markdown renderer.
import { isAbsolute, resolve } from "node:path";
import { defineConfig } from "vite";

const root = import.meta.dirname;
const src = (path: string) => resolve(root, "src", path);

export default defineConfig({
  root,
  build: {
    emptyOutDir: true,
    copyPublicDir: false,
    target: "es2022",
    minify: false,
    cssTarget: ["chrome111", "safari16.4"],
    lib: {
      entry: {
        index: src("library.ts"),
        react: src("llm/index.ts"),
        markdown: src("markdown/index.ts"),
      },
      formats: ["es"],
      cssFileName: "markdown",
    },
    rolldownOptions: { external: (id) => !id.startsWith(".") && !isAbsolute(id) },
  },
});
