/** Messages of the host, for rows whose run the page follows. */
import { describe, expect, it } from "vitest";
import type { AnswerPart, StoredMessage } from "../src/bridge/contract";
import { blank, viewOf } from "../src/conversations/message";
import { createMessageStore, type MessagesByKey } from "../src/conversations/messageStore";
import type { Run } from "../src/llm/run";
import { beginRun, type RunState, reduce } from "../src/llm/runReducer";
import { end, tokenEvent } from "./support";

const ID = "inf-2";
const CALL: AnswerPart = {
  type: "call",
  callId: "c1",
  step: 1,
  ordinal: 0,
  tool: "add",
  source: "box.py",
  arguments: {},
  reads: false,
  brings: false,
  sends: false,
  state: "done",
};

/** The answer while the host runs its second run, and after that run. */
const running: StoredMessage = {
  ...blank("answer", "assistant", ""),
  status: "streaming",
  inferenceId: ID,
  parts: [CALL],
};
const complete: StoredMessage = {
  ...running,
  content: "Both.",
  status: "complete",
  parts: [CALL, { type: "text", text: "Both." }],
};

/** The texts of the row after each of these messages, in a page that has these events of the run. */
function textsAfter(messages: readonly StoredMessage[], state: RunState): unknown {
  const run = { id: ID, get: () => state } as unknown as Run;
  const all: MessagesByKey = new Map();
  const rows = createMessageStore(all, () => run);
  const [key = ""] = messages.flatMap((message) => rows.take([message]));
  const row = rows.get(key)?.get();
  if (row === undefined) throw new Error("there is no row");
  const { text, parts } = viewOf(row);
  return [text, parts.flatMap((part) => (part.type === "text" ? [part.text] : []))];
}

const live = reduce(beginRun(ID), [tokenEvent(ID, 0, "Both.")]);

describe("an answer that another window continues", () => {
  it("has the text of its run once while the run goes on", () => {
    expect(textsAfter([running], live)).toEqual(["Both.", ["Both."]]);
    expect(textsAfter([running, running], live)).toEqual(["Both.", ["Both."]]);
  });

  it("has it once when the host says that it is complete before the run's end arrives", () => {
    expect(textsAfter([running, complete], live)).toEqual(["Both.", ["Both."]]);
  });

  it("has it once when the run's end has arrived", () => {
    const ended = reduce(live, [end(ID, 1)]);
    expect(textsAfter([running, complete], ended)).toEqual(["Both.", ["Both."]]);
  });
});
