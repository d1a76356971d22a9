/** What every test begins with: warnings are failures, and nothing is left mounted. */
import { cleanup } from "@testing-library/react";
import { afterEach, vi } from "vitest";

for (const method of ["error", "warn"] as const) {
  console[method] = (...parts: unknown[]) => {
    throw new Error(`console.${method}: ${parts.map(String).join(" ")}`);
  };
}

// Browsers have it; what it is told is a failure here.
globalThis.reportError = (error) => {
  throw error;
};

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  sessionStorage.clear();
});
