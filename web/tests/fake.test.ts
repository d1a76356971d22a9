/** The fake host: it refuses what the real one refuses, and its scripts do what they say. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { play, type Step } from "../src/bridge/fake/script";
import { DEFAULTS, settingsOf } from "../src/bridge/fake/settings";
import { startRun } from "../src/llm/run";
import { fakePage, turn } from "./support";

afterEach(() => vi.useRealTimers());

const script = (prompt: string, chosen = {}): Step[] =>
  [...play(prompt, { ...DEFAULTS, answer: "echo", ...chosen })].filter(
    (step) => step.kind !== "wait" || step.ms !== 1000 / DEFAULTS.rate,
  );
const codeOf = (error: unknown) => (error as { code?: unknown }).code;
const asked = (content: string) => [{ role: "user" as const, content }];

describe("settings", () => {
  it("come from the address; what makes no sense is left as it is", () => {
    const query = "rate=200&words=5&drop=0.5&memory=none&answer=echo&seed=7&silent&away=x&first=-1";
    expect(settingsOf(new URLSearchParams(query))).toEqual({
      ...DEFAULTS,
      rate: 200,
      words: 5,
      drop: 0.5,
      memory: "none",
      answer: "echo",
      seed: 7,
      silent: true,
    });
  });
});

describe("scripts", () => {
  it("echo what is no command", () => {
    const text = script("two words\n /error OVERLOADED\n/unknown");
    expect(text.map((step) => ("text" in step ? step.text : ""))).toEqual([
      "two",
      " words",
      "\n",
      " /error",
      " OVERLOADED",
      "\n",
      "/unknown",
      "",
    ]);
  });

  it("carry out commands where they stand", () => {
    expect(
      script("/reasoning hm\n/progress Loading it\nyes\n/tool clock {}\n/delay 70\n/length"),
    ).toEqual([
      { kind: "reasoning", text: "hm" },
      { kind: "progress", text: "Loading it" },
      { kind: "token", text: "yes" },
      { kind: "tool", name: "clock", text: "{}" },
      { kind: "wait", ms: 70 },
      { kind: "end", reason: "length" },
    ]);
    expect(script("/error RATE_LIMIT 900")).toEqual([
      { kind: "error", code: "RATE_LIMIT", ms: 900 },
    ]);
    expect(script("/fail 2 OVERLOADED\nok").slice(0, 1)).toEqual([
      { kind: "fail", times: 2, code: "OVERLOADED", ms: null },
    ]);
    expect(script("/refuse")[0]).toMatchObject({ kind: "error", code: "CONTENT_FILTER" });
    expect(script("x\n/refuse").at(-1)).toEqual({ kind: "end", reason: "content_filter" });
    expect(script("/stall\nnever").at(-1)).toEqual({ kind: "stall" });
  });

  it("answer with prose of any length", () => {
    const words = script("Tell me", { answer: "demo", words: 300, reasoning: 4 });
    expect(words.filter((step) => step.kind === "token")).toHaveLength(300);
    expect(words.filter((step) => step.kind === "reasoning")).toHaveLength(4);
  });
});

describe("a script that fails", () => {
  it("is tried again by the host or asked again by the page, as with a real host", async () => {
    const { llm } = await fakePage();
    for (const [code, status] of [
      ["OVERLOADED", "done"],
      ["TIMEOUT", "error"],
      ["TIMEOUT", "done"],
    ] as const) {
      const messages = asked(`/fail 1 ${code}\nok`);
      const run = startRun(llm, (inferenceId) =>
        llm.llmInference({ providerId: "echo", messages, inferenceId }),
      );
      await turn(2_000);
      expect(run.get().status).toBe(status);
    }
  });
});

describe("refusals", () => {
  it("the sixth run, the twenty-first session", async () => {
    const { llm } = await fakePage();
    const runs = Array.from({ length: 6 }, () =>
      llm.llmInference({ messages: asked("/stall"), providerId: "echo" }).catch((error) => error),
    );
    const sessions = Array.from({ length: 21 }, (_, index) =>
      llm.llmCreateSession({ sessionId: `s${index}`, providerId: "echo" }).catch((error) => error),
    );
    await turn(100);
    expect((await Promise.all(runs)).at(-1)).toMatchObject({
      code: "LIMIT",
      message: "Maximum concurrent inferences limit reached (5)",
      details: { limit: 5, current: 5 },
    });
    expect((await Promise.all(sessions)).at(-1)).toMatchObject({
      code: "LIMIT",
      message: "Maximum sessions limit reached (20)",
    });
    const status = llm.llmGetStatus();
    await turn(20);
    expect(await status).toMatchObject({ activeInferences: 5, totalSessions: 20 });
  });

  it("a busy session, an unknown one, a used id, an unknown run", async () => {
    const { llm } = await fakePage();
    void llm.llmCreateSession({ sessionId: "s", providerId: "echo" });
    const run = { sessionId: "s", messages: asked("/stall"), inferenceId: "inf-1" };
    void llm.llmRunSession(run);
    const refused = Promise.all([
      llm.llmRunSession({ ...run, inferenceId: "inf-2" }).catch(codeOf),
      llm.llmRunSession({ ...run, sessionId: "none" }).catch(codeOf),
      llm
        .llmInference({ messages: asked("x"), providerId: "e", inferenceId: "inf-1" })
        .catch(codeOf),
      llm.llmAttach({ inferenceId: "inf-none" }).catch(codeOf),
      llm.llmGetSession("none").catch(codeOf),
      llm.llmCancel("inf-none"),
      llm.llmDestroySession("none"),
    ]);
    await turn(100);
    expect(await refused).toEqual([
      "SESSION_BUSY",
      "NOT_FOUND",
      "VALIDATION",
      "NOT_FOUND",
      "NOT_FOUND",
      false,
      false,
    ]);
  });

  it("a session's history holds the question that is being answered", async () => {
    const { llm } = await fakePage();
    void llm.llmCreateSession({ sessionId: "s", providerId: "echo" });
    void llm.llmRunSession({ sessionId: "s", messages: asked("/stall"), inferenceId: "inf-1" });
    const live = llm.llmGetSession("s");
    await turn(100);
    expect((await live).messages).toHaveLength(1);
    void llm.llmCancel("inf-1");
    const after = llm.llmGetSession("s");
    await turn(100);
    expect((await after).info).toMatchObject({ isActive: false, messageCount: 2 });
  });
});
