/** The state machine of an open conversation: its table is documented, its runs are kept by row. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import {
  type ConversationEvent,
  initialState,
  isBusy,
  PHASES,
  reduce,
} from "../src/conversations/machine";
import type { Run } from "../src/llm/run";

const DOCUMENT = join(import.meta.dirname, "../../docs/conversation.md");

it("is documented with every event and the phase that follows", () => {
  const all = Object.values(PHASES) as Record<string, string | undefined>[];
  const events = [...new Set(all.flatMap((phase) => Object.keys(phase)))].sort();
  const rows = events.map((name) =>
    [`| \`${name}\``, ...all.map((phase) => phase[name] ?? "")].join(" | ").concat(" |"),
  );
  expect(readFileSync(DOCUMENT, "utf8")).toContain(rows.join("\n"));
});

it("is busy until the last of several runs has ended", () => {
  const [one, other] = [{}, {}] as [Run, Run];
  const open = { ...initialState("c-1"), phase: "open" } as const;
  const events: ConversationEvent[] = [
    { type: "attached", row: "a", run: one },
    { type: "attached", row: "b", run: other },
    { type: "ended", run: one },
    { type: "ended", run: other },
  ];
  const states = events.map((_, at) => events.slice(0, at + 1).reduce(reduce, open));
  expect(states.map(({ runs }) => [...runs.keys()])).toEqual([["a"], ["a", "b"], ["b"], []]);
  expect(states.map(isBusy)).toEqual([true, true, true, false]);
});
