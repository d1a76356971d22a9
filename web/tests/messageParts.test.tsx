/** The parts of an answer keep their order, and only the growing one renders again. */
import { render } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { Attachment, StoredMessage } from "../src/bridge/contract";
import { blank, viewOf, viewOfRun } from "../src/conversations/message";
import { partsOf } from "../src/conversations/storedParts";
import { AssistantMessage } from "../src/features/transcript/AssistantMessage";
import { startRun } from "../src/llm/run";
import { manualPage, settled, tokenEvent } from "./support";

const onRender = vi.hoisted(() => vi.fn<(text: string) => void>());
vi.mock("../src/markdown", () => ({
  Markdown({ text }: { text: string }) {
    onRender(text);
    return text;
  },
}));

afterEach(() => onRender.mockClear());

/** The answer's children without the notices, as type and text. */
const shown = (): string[] =>
  [...document.querySelectorAll("article > *")].map(
    (node) => `${node.tagName.toLowerCase()} ${node.textContent}`,
  );

it("are drawn in the order of the events, and only what grows is drawn again", async () => {
  const { transport, llm } = await manualPage();
  const run = startRun(llm, () => Promise.resolve(), { inferenceId: "inf-1" });
  await settled();
  const stamp = { inferenceId: "inf-1", ms: 0 };
  const call = { ...stamp, channel: "llm:tool", name: "clock", argumentsDelta: "{}" };
  transport.push(
    { ...stamp, channel: "llm:reasoning", seq: 0, text: "Hm", count: 1 },
    tokenEvent("inf-1", 1, "I look."),
    { ...call, seq: 2, id: "a" },
    { ...call, seq: 3, id: "b" },
    tokenEvent("inf-1", 4, "Noon"),
  );
  const { rerender } = render(<AssistantMessage view={viewOfRun(run)} />);
  expect(shown()).toEqual([
    "details Thought for 0.1 sHm",
    "div I look.",
    "div Tool call clock{}Tool call clock{}",
    "div Noon",
  ]);
  onRender.mockClear();
  transport.push(tokenEvent("inf-1", 5, "."));
  rerender(<AssistantMessage view={viewOfRun(run)} />);
  expect(shown().at(-1)).toBe("div Noon.");
  expect(onRender.mock.calls).toEqual([["Noon."]]);
});

const file: Attachment = {
  type: "attachment",
  kind: "file",
  name: "a.txt",
  mediaType: "text/plain",
  size: 4,
  hash: "0".repeat(64),
};
const other: Attachment = { ...file, name: "b.txt", hash: "1".repeat(64) };
const stored: StoredMessage = {
  ...blank("answer", "assistant", ""),
  content: [{ type: "text", text: "Two files:" }, file, other, { type: "text", text: "" }],
  reasoning: "Hm",
  detail: {
    tools: [{ id: "a", name: "clock", arguments: "{}" }],
    notices: [],
    finishReason: "tool_calls",
    usage: null,
    timing: null,
    reasoningMs: 1_200,
    failure: null,
    earlier: [],
  },
};

it("of a kept answer are its reasoning, its content and its calls", () => {
  expect(partsOf(stored)).toEqual([
    { type: "reasoning", text: "Hm", ms: 1_200 },
    { type: "text", text: "Two files:" },
    { type: "file", files: [file, other] },
    { type: "tool", id: "a", name: "clock", arguments: "{}" },
  ]);
  expect(partsOf(stored)).toBe(partsOf(stored));
  render(<AssistantMessage view={viewOf({ message: stored, run: null })} />);
  expect(shown().map((line) => line.split(" ")[0])).toEqual(["details", "div", "div", "div"]);
});

it("of an answer that goes on are one text, whose sentence the next run ends", async () => {
  const { transport, llm } = await manualPage();
  const run = startRun(llm, () => Promise.resolve(), { inferenceId: "inf-1" });
  await settled();
  transport.push(tokenEvent("inf-1", 0, " a sentence."));
  const message = blank("answer", "assistant", "Half");
  expect(viewOf({ message, run }).parts).toEqual([{ type: "text", text: "Half a sentence." }]);
});

it("beside the text look the same: a head with a title, and a body that is folded away", () => {
  render(<AssistantMessage view={viewOf({ message: stored, run: null })} />);
  const notes = [...document.querySelectorAll("article details")];
  expect(notes.map((note) => note.querySelector("summary")?.textContent)).toEqual([
    "Thought for 1.2 s",
    "Tool call clock",
  ]);
  expect(notes.map((note) => note.lastElementChild?.textContent)).toEqual(["Hm", "{}"]);
  expect(new Set(notes.map(({ className }) => className)).size).toBe(1);
  expect(notes.some((note) => note.hasAttribute("open"))).toBe(false);
});
