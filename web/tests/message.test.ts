/** The content of an answer at the start of its next run. */
import { describe, expect, it } from "vitest";
import type { StoredMessage, Usage } from "../src/bridge/contract";
import { answerSoFar, blank, viewOf } from "../src/conversations/message";
import type { Run } from "../src/llm/run";
import { beginRun } from "../src/llm/runReducer";

const usage = (outputTokens: number): Usage => ({
  inputTokens: 10,
  outputTokens,
  reasoningTokens: 0,
  cachedTokens: 0,
  estimated: false,
  cost: 0.5,
});

const cut: StoredMessage = {
  ...blank("answer", "assistant", "cut sh"),
  status: "cancelled",
  inferenceId: "inf-2",
  detail: {
    tools: [{ id: "call", name: "tide", arguments: "{}" }],
    notices: [{ code: "HISTORY_TRIMMED", text: "Left out" }],
    finishReason: null,
    usage: usage(2),
    timing: null,
    reasoningMs: 40,
    failure: null,
    earlier: [usage(1)],
    runs: ["inf-1"],
  },
};

describe("an answer that is continued", () => {
  const message = answerSoFar({ message: cut, run: null });

  it("keeps its text, its tool calls and its notices", () => {
    const view = viewOf({ message, run: null });
    expect([view.text, view.reasoningMs]).toEqual(["cut sh", 40]);
    expect(view.tools.map(({ name }) => name)).toEqual(["tide"]);
    expect(view.notices.map(({ code }) => code)).toEqual(["HISTORY_TRIMMED"]);
  });

  it("adds up the time for which its runs have reasoned", () => {
    const runOf = (reasoningMs: number | null) =>
      ({ get: () => ({ ...beginRun("inf-3"), reasoningMs }) }) as Run;
    expect(viewOf({ message, run: runOf(20) }).reasoningMs).toBe(60);
    expect(viewOf({ message, run: runOf(null) }).reasoningMs).toBe(40);
  });

  it("has the usage of each of its runs, and no end yet", () => {
    expect(message.detail?.earlier).toEqual([usage(1), usage(2)]);
    expect(message.detail?.usage).toBeNull();
    expect(message.detail?.runs).toEqual(["inf-1", "inf-2"]);
  });
});
