/** The fake host refuses the same calls as the real one, and its scripts work as documented. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Handlers, KeyStatus } from "../src/bridge/contract";
import { play, type ScriptEvent, type Step } from "../src/bridge/fake/script";
import { DEFAULTS, settingsOf } from "../src/bridge/fake/settings";
import { startRun } from "../src/llm/run";
import { expectations, fakePage, turn } from "./support";

afterEach(() => vi.useRealTimers());

const script = (prompt: string, chosen = {}): Step[] =>
  [...play(prompt, { ...DEFAULTS, answer: "echo", ...chosen })].filter(
    (step) => step.kind !== "wait" || step.ms !== 1000 / DEFAULTS.rate,
  );
const eventStep = (event: ScriptEvent): Step => ({ kind: "event", event });
const channelOf = (step: Step) => (step.kind === "event" ? step.event.channel : step.kind);
const textOf = (step: Step) =>
  step.kind === "event" && step.event.channel === "llm:token" ? step.event.token : "";
const codeOf = (error: unknown) => (error as { code?: unknown }).code;
const question = (content: string) => [{ role: "user" as const, content }];

describe("settings", () => {
  it("come from the address; what makes no sense is left as it is", () => {
    const query =
      "rate=200&words=5&drop=0.5&memory=none&answer=echo&stream=tools&seed=7&silent&away=x&first=-1";
    expect(settingsOf(new URLSearchParams(query))).toEqual({
      ...DEFAULTS,
      rate: 200,
      words: 5,
      drop: 0.5,
      memory: "none",
      answer: "echo",
      stream: "tools",
      seed: 7,
      silent: true,
    });
  });
});

describe("scripts", () => {
  it("echo lines that are no command", () => {
    const text = script("two words\n /error OVERLOADED\n/unknown");
    expect(text.map(textOf)).toEqual([
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

  it("carry out commands in order", () => {
    expect(
      script("/reasoning hm\n/progress Loading it\nyes\n/tool clock {}\n/delay 70\n/length"),
    ).toEqual([
      eventStep({ channel: "llm:reasoning", text: "hm", count: 1 }),
      eventStep({ channel: "llm:thinking", status: "Loading it" }),
      eventStep({ channel: "llm:token", token: "yes", index: 0, count: 1 }),
      eventStep({ channel: "llm:tool", id: "call-1", name: "clock", argumentsDelta: "{}" }),
      { kind: "wait", ms: 70 },
      { kind: "end", reason: "length" },
    ]);
    expect(script("/error RATE_LIMIT 900")).toEqual([
      { kind: "fail", times: null, code: "RATE_LIMIT", ms: 900 },
    ]);
    expect(script("/fail 2 OVERLOADED\nok").slice(0, 1)).toEqual([
      { kind: "fail", times: 2, code: "OVERLOADED", ms: null },
    ]);
    expect(script("/stall\nnever").at(-1)).toEqual({ kind: "stall" });
  });

  it("answer with prose of any length", () => {
    const words = script("Tell me", { answer: "demo", words: 300, reasoning: 4 });
    expect(words.map(channelOf).filter((channel) => channel === "llm:token")).toHaveLength(300);
    expect(words.map(channelOf).filter((channel) => channel === "llm:reasoning")).toHaveLength(4);
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
      const messages = question(`/fail 1 ${code}\nok`);
      const run = startRun(llm, (inferenceId) =>
        llm.llmInference({ providerId: "echo", messages, inferenceId }),
      );
      await turn(2_000);
      expect(run.get().status).toBe(status);
    }
  });
});

describe("refusals", () => {
  it("the sixth run, a used id, an unknown run, a method that it does not have", async () => {
    const { llm, bridge } = await fakePage();
    const request = { messages: question("/stall"), providerId: "echo", inferenceId: "inf-1" };
    const runs = ["1", "1", "2", "3", "4", "5", "6"].map((id) =>
      llm.llmInference({ ...request, inferenceId: `inf-${id}` }).catch((error) => error),
    );
    const unknown = Promise.all([
      llm.llmAttach({ inferenceId: "inf-none" }).catch(codeOf),
      llm.llmCancel("inf-none"),
      bridge.client.conversations.export({ format: "json" }).catch(codeOf),
    ]);
    await turn(100);
    const results = await Promise.all(runs);
    expect(codeOf(results[1])).toBe("VALIDATION");
    expect(results.at(-1)).toMatchObject({
      code: "LIMIT",
      message: "Maximum concurrent inferences limit reached (5)",
      details: { limit: 5, current: 5 },
    });
    expect(await unknown).toEqual(["NOT_FOUND", false, "NOT_FOUND"]);
  });
});

describe("conversations", () => {
  async function answered(prompt: string) {
    const { bridge } = await fakePage({ rate: 0 });
    const { conversations } = bridge.client;
    const done = async <T>(call: Promise<T>): Promise<T> => {
      await turn(200);
      return call;
    };
    const { id } = await done(conversations.create({}));
    const sent = await done(conversations.send({ conversationId: id, content: prompt }));
    const { messages } = await done(conversations.get({ conversationId: id }));
    return { conversations, done, sent, answer: messages.at(-1) };
  }

  it("keep two calls of one tool apart, and notices without their events", async () => {
    const prompt = "/tool clock {}\n/tool clock {1}\n/notice trimmed Cut";
    const { answer } = await answered(prompt);
    expect(answer?.detail?.tools).toEqual([
      { id: "call-1", name: "clock", arguments: "{}" },
      { id: "call-2", name: "clock", arguments: "{1}" },
    ]);
    expect(answer?.detail?.notices).toEqual([{ code: "trimmed", text: "Cut" }]);
  });

  it("say when a failed answer may be asked for again", async () => {
    const { answer } = await answered("half\n/error RATE_LIMIT 700");
    expect(answer?.detail?.failure).toMatchObject({ code: "RATE_LIMIT", retryable: true });
    expect(answer?.detail?.failure?.retryAt).toBeGreaterThan(Date.now() - 700);
  });

  it("answer with the model that was chosen, also anew and after an edit", async () => {
    const { conversations, done, sent } = await answered("Why?");
    const by = { providerId: "cloud", modelId: "large" };
    const regenerated = await done(conversations.regenerate({ messageId: sent.answerId, ...by }));
    const request = { messageId: sent.messageId, content: "How?", ...by, modelId: "small" };
    const edited = await done(conversations.edit(request));
    const { conversationId } = sent;
    const modelOf = async (messageId: string) => {
      await done(conversations.choose(messageId));
      const { messages } = await done(conversations.get({ conversationId }));
      return [messages.at(-1)?.providerId, messages.at(-1)?.modelId];
    };
    expect(await modelOf(sent.answerId)).toEqual(["local", DEFAULTS.model]);
    expect(await modelOf(regenerated.answerId)).toEqual(["cloud", "large"]);
    expect(await modelOf(edited.answerId)).toEqual(["cloud", "small"]);
  });
});

describe("recorded streams", () => {
  it("are named rightly, or the run is refused", async () => {
    const { llm } = await fakePage({ stream: "nothing" });
    const refused = llm.llmInference({ providerId: "echo", messages: question("x") }).catch(codeOf);
    await turn(100);
    expect(await refused).toBe("NOT_FOUND");
  });

  it.each(Object.entries(expectations()))("plays %s", async (name, expected) => {
    const { llm } = await fakePage({ stream: name });
    const run = startRun(llm, (inferenceId) =>
      llm.llmInference({ providerId: "echo", messages: question("anything"), inferenceId }),
    );
    await turn(3_000);
    const { status, response, reasoning, finishReason, failure } = await run.result;
    const code = failure?.code ?? null;
    const { next, ...outcome } = expected;
    expect({ status, response, reasoning, finishReason, code }).toEqual(outcome);
  });
});

it("shows requests that a real host would have sent, and plays what it records", async () => {
  const { llm, bridge } = await fakePage({ rate: 0 });
  const { wire } = bridge.client;
  const done = async <T>(call: Promise<T>): Promise<T> => {
    await turn(500);
    return call;
  };
  const messages = question("it's high water");
  await done(llm.llmInference({ providerId: "echo", messages, inferenceId: "inf-1" }));
  const draft = { conversationId: null, content: "it's high water" };
  const { request } = await done(wire.preview(draft));
  const run = await done(wire.get("inf-1"));
  expect(run.attempts.map(({ request }) => request)).toEqual([request]);
  expect(await done(wire.list())).toEqual([run.summary]);
  const { text } = await done(wire.recording("inf-1"));
  const { events } = await done(wire.openRecording(text));
  const words = events.map((event) => (event.channel === "llm:token" ? event.token : ""));
  expect(words.join("")).toBe("it's high water");
  expect(await done(wire.openRecording("{").catch(codeOf))).toBe("VALIDATION");
  expect(await done(wire.get("inf-2").catch(codeOf))).toBe("NOT_FOUND");
});

it("has a method less than the host only where a type says so", () => {
  const missing: Omit<Handlers["keys"], "remove"> = { list: () => [], set: () => key };
  // @ts-expect-error a method of the contract is missing
  const fake: Handlers["keys"] = missing;
  // @ts-expect-error a result that the contract does not know
  const wrong: Handlers["keys"]["remove"] = () => ({ ...key, hint: 1 });
  expect([fake, wrong]).toHaveLength(2);
});

const key: KeyStatus = {
  providerId: "cloud",
  configured: false,
  hint: null,
  source: null,
  host: null,
  remark: null,
};
