import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

// The program serves the page under a policy that allows files only, and no inline script.
const build = { assetsInlineLimit: 0, modulePreload: { polyfill: false } };
const host = process.env.TIDEWIRE_HOST;
const proxy = host ? { "/door": { target: host, ws: true } } : {};

export default defineConfig({ plugins: [react()], build, server: { proxy } });
