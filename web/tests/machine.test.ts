/** The state machine of an open conversation is the one that is documented. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PHASES } from "../src/conversations/machine";

const DOCUMENT = join(import.meta.dirname, "../../docs/conversation.md");

it("is documented with every event and the phase that follows", () => {
  const all = Object.values(PHASES) as Record<string, string | undefined>[];
  const events = [...new Set(all.flatMap((phase) => Object.keys(phase)))].sort();
  const rows = events.map((name) =>
    [`| \`${name}\``, ...all.map((phase) => phase[name] ?? "")].join(" | ").concat(" |"),
  );
  expect(readFileSync(DOCUMENT, "utf8")).toContain(rows.join("\n"));
});
