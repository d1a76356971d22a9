/** Global setup: warnings fail the test, and nothing stays mounted. */
import { cleanup, configure } from "@testing-library/react";
import { afterAll, afterEach, beforeAll, vi } from "vitest";
import { loadParts } from "../src/lib/loadParts";

// A busy machine takes its time; a test that fails waits so long, no other.
configure({ asyncUtilTimeout: 20_000 });

for (const method of ["error", "warn"] as const) {
  console[method] = (...parts: unknown[]) => {
    throw new Error(`console.${method}: ${parts.map(String).join(" ")}`);
  };
}

// The oldest web views that the page is for do not have it.
Object.defineProperty(URL, "canParse", { value: undefined, configurable: true });

// Browsers have it; here every reported error fails the test.
globalThis.reportError = (error) => {
  throw error;
};

// Loading a module takes time that a test's fake clock does not know.
beforeAll(loadParts);

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  sessionStorage.clear();
});

// React's scheduler may have turns left for what was unmounted last: the document must outlive them.
afterAll(async () => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
});
