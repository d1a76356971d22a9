/** Every message of the host has a German translation, found by its code. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { render, screen } from "@testing-library/react";
import { beforeAll, expect, it } from "vitest";
import type {
  ErrorCode,
  Failure,
  NoticeCode,
  Reason,
  RemarkCode,
  TemplateProblemCode,
  TrialReport,
} from "../src/bridge/contract";
import type { MessageView } from "../src/conversations/message";
import { beginRun, reduce } from "../src/llm/runReducer";

const CONTRACT = readFileSync(resolve(import.meta.dirname, "../src/bridge/contract.ts"), "utf8");
const ENGLISH = "The host says this in English.";

/** The members of a union of the contract. */
function every<T extends string>(name: string): readonly T[] {
  const text = CONTRACT.match(new RegExp(`export type ${name} =([^;]*);`))?.[1] ?? "";
  const found = [...text.matchAll(/"([^"]+)"/g)].map((match) => match[1] as T);
  if (found.length === 0) throw new Error(`no ${name}`);
  return found;
}

const failure = (code: ErrorCode, more: Partial<Failure> = {}): Failure => ({
  code,
  message: ENGLISH,
  retryable: false,
  retryAfterMs: null,
  issues: null,
  details: null,
  ...more,
});

let words: typeof import("../src/i18n");
let AssistantMessage: typeof import("../src/features/transcript/AssistantMessage").AssistantMessage;
let TestResult: typeof import("../src/features/settings/providers/ConnectionTest").TestResult;
let problemText: typeof import("../src/features/templates/problemText").problemText;
let StatusLine: typeof import("../src/features/chat/StatusLine").StatusLine;

beforeAll(async () => {
  document.documentElement.dataset.language = "de";
  words = await import("../src/i18n");
  ({ AssistantMessage } = await import("../src/features/transcript/AssistantMessage"));
  ({ TestResult } = await import("../src/features/settings/providers/ConnectionTest"));
  ({ problemText } = await import("../src/features/templates/problemText"));
  ({ StatusLine } = await import("../src/features/chat/StatusLine"));
});

it("shows the page in German", () => expect(words.strings.send).toBe("Senden"));

it("calls the embedded model by a German name, and others by their own", () => {
  expect(words.nameOfProvider({ id: "local", name: "Local model" })).toBe("Lokales Modell");
  expect(words.nameOfProvider({ id: "openai", name: "OpenAI" })).toBe("OpenAI");
});

it.each(every<ErrorCode>("ErrorCode"))("says %s", (code) => {
  const sentence = words.sentenceOf(failure(code));
  expect(sentence).toMatch(/^\p{Lu}.*\.$/u);
  expect(sentence).not.toContain(ENGLISH);
  expect(words.reasonOf(failure(code))).toBe(sentence);
  expect(words.whyOf(code)).toBe(sentence);
  render(<StatusLine state={null} refused={failure(code)} />);
  expect(screen.getByRole("status").textContent).toBe(`Fehler: ${sentence}`);
});

it.each(every<Reason>("Reason"))("says the reason %s instead of the code's sentence", (reason) => {
  const plain = words.sentenceOf(failure("VALIDATION"));
  const sentence = words.sentenceOf(failure("VALIDATION", { reason }));
  expect(sentence).toMatch(/^\p{Lu}.*\.$/u);
  expect([ENGLISH, plain]).not.toContain(sentence);
});

it("quotes what a provider said, and falls back on the host's sentence for a later host's code", () => {
  const refused = failure("RATE_LIMIT", { words: "Slow down, please." });
  expect(words.reasonOf(refused)).toMatch(/„Slow down, please.“$/);
  expect(words.sentenceOf(failure("LATER" as ErrorCode))).toBe(ENGLISH);
});

it.each(every<NoticeCode>("NoticeCode"))("says the notice %s with its numbers", (code) => {
  const notice = { code, text: ENGLISH, model: "tiny-1", limit: 1234, leftOut: 7 };
  render(<AssistantMessage view={answering({ notices: [notice] })} />);
  const text = screen.getByRole("article").textContent;
  expect(text).toContain("tiny-1");
  expect(text).not.toContain(ENGLISH);
  if (code === "MAX_TOKENS_LOWERED") expect(text).toContain("1.234");
  if (code === "HISTORY_TRIMMED") expect(text).toContain("7");
});

it.each(every<NoticeCode>("NoticeCode"))("says the notice %s without a model", (code) => {
  const sentence = words.noticeOf({ code, text: ENGLISH, leftOut: 7 });
  expect(sentence).toMatch(/^\p{Lu}.*\.$/u);
  expect(sentence).not.toMatch(/undefined|null/);
});

it.each(every<RemarkCode>("RemarkCode"))("says the remark %s", (code) => {
  const names = { folder: "F", file: "F", name: "N", host: "H", wanted: "W", address: "A" };
  const remark = words.remarkOf({
    code,
    text: ENGLISH,
    facts: { ...names, complete: 1, title: "T", kind: "image" },
  });
  expect(remark).not.toContain(ENGLISH);
  expect(remark).not.toContain("undefined");
});

it.each(every<TemplateProblemCode>("TemplateProblemCode"))("says the problem %s", (code) => {
  const facts = { name: "it", known: "a, b", limit: 1234, words: "Expected a colon." };
  const sentence = problemText({ code, message: ENGLISH, facts, line: 3 });
  expect(sentence).toMatch(/^Zeile 3: \p{Lu}|^Zeile 3: „/u);
  expect(sentence).not.toContain(ENGLISH);
  expect(sentence).not.toMatch(/undefined|NaN/);
});

it("says a problem of a later host in the host's words", () => {
  expect(problemText({ code: "LATER" as TemplateProblemCode, message: ENGLISH })).toBe(ENGLISH);
});

it.each(["starting", "asking", "loading", "reading"] as const)("says the wait %s", (activity) => {
  render(
    <AssistantMessage
      view={answering({ thinking: { status: ENGLISH, progress: null, activity } })}
    />,
  );
  expect(screen.getByRole("article").textContent).toContain("…");
  expect(screen.queryByText(ENGLISH)).toBeNull();
});

it("lets the page's own sentences pass, and no stranger's", () => {
  expect(words.reasonOf(new words.PageError("Das ist zu viel."))).toBe("Das ist zu viel.");
  expect(words.reasonOf(new Error(ENGLISH))).not.toContain(ENGLISH);
});

it("says why an answer is empty", () => {
  render(
    <AssistantMessage
      view={answering({ live: false, status: "complete", finishReason: "content_filter" })}
    />,
  );
  expect(screen.getByText(/Inhaltsfilter/).textContent).not.toContain("content_filter");
});

it("says what came of a trial", () => {
  const sentence = `Cloud: ${ENGLISH}`;
  const why = { code: "API_KEY_ERROR" as const, message: sentence };
  const report: TrialReport = {
    ok: false,
    sentence,
    problem: why,
    modelId: "m",
    firstMs: null,
    totalMs: null,
    models: [],
  };
  const trial = { isBusy: false, report, reason: null, run: () => {} };
  const { rerender } = render(<TestResult trial={trial} />);
  expect(screen.getByRole("status").textContent).toMatch(/^Der Schlüssel wurde nicht angenommen\./);
  expect(screen.queryByText(new RegExp(ENGLISH))).toBeNull();
  rerender(
    <TestResult
      trial={{ ...trial, report: { ...report, problem: { ...why, words: "bad key" } } }}
    />,
  );
  expect(screen.getByRole("status").textContent).toContain("„bad key“");
});

it("keeps the code, the reason and the provider's words on the way through a run", () => {
  const stamp = { inferenceId: "inf-1", ms: 0 };
  const state = reduce(beginRun("inf-1"), [
    {
      ...stamp,
      seq: 0,
      channel: "llm:thinking",
      status: ENGLISH,
      activity: "loading",
    },
    {
      ...stamp,
      seq: 1,
      channel: "llm:error",
      error: ENGLISH,
      code: "API_KEY_ERROR",
      retryable: false,
      retryAfterMs: null,
      reason: "NO_KEY",
      words: "no",
    },
  ]);
  expect(state.failure).toMatchObject({ code: "API_KEY_ERROR", reason: "NO_KEY", words: "no" });
  render(<StatusLine state={state} refused={null} />);
  expect(screen.getByRole("status").textContent).toBe(
    "Fehler: Für diesen Anbieter ist kein Schlüssel eingetragen.",
  );
});

function answering(part: Partial<MessageView>): MessageView {
  return {
    id: "a",
    role: "assistant",
    parts: [],
    text: "",
    attachments: [],
    untrusted: false,
    reasoning: "",
    reasoningMs: null,
    status: "submitted",
    live: true,
    thinking: null,
    retrying: null,
    notices: [],
    tools: [],
    usage: null,
    earlier: [],
    runs: [],
    timing: null,
    finishReason: null,
    failure: null,
    providerId: null,
    modelId: null,
    inferenceId: null,
    createdAt: null,
    siblings: ["a"],
    ...part,
  };
}
