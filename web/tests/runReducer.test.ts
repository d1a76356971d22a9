/** Every stream, in any order of events, gives the state of its log. */
import { describe, expect, it } from "vitest";
import type { AnyEvent } from "../src/bridge/contract";
import { randomOf } from "../src/bridge/fake/settings";
import { hostLost } from "../src/bridge/hostError";
import { joinParts } from "../src/llm/parts";
import {
  beginRun,
  cancelUnsent,
  continueRun,
  hasEnded,
  hasGap,
  markStopping,
  type RunState,
  reduce,
  refuse,
} from "../src/llm/runReducer";
import { end, expectations, fail, stream, tokenEvent } from "./support";

const ID = "inf-1";
const initialRun = beginRun(ID);

function run(events: readonly AnyEvent[]): RunState {
  return reduce(beginRun(events[0]?.inferenceId ?? ID), events);
}

describe("the golden streams", () => {
  for (const [name, expected] of Object.entries(expectations())) {
    it(`${name} ends as expected, event by event and in one batch`, () => {
      const events = stream(name);
      const whole = run(events);
      const { status, response, reasoning, finishReason, next } = whole;
      const code = whole.failure?.code ?? null;
      expect({ status, response, reasoning, finishReason, code, next }).toEqual(expected);
      let stepped = beginRun(`inf-${name}`);
      for (const event of events) stepped = reduce(stepped, event);
      expect(stepped).toEqual(whole);
    });

    it(`${name} is the same whatever comes twice or in another order`, () => {
      const events = stream(name);
      const whole = run(events);
      for (let seed = 1; seed <= 60; seed += 1) {
        const random = randomOf(seed);
        const repeated = events.filter(() => random() < 0.5);
        const mixed = [...events, ...repeated]
          .map((event) => ({ event, at: random() }))
          .sort((one, other) => one.at - other.at)
          .map(({ event }) => event);
        expect(run(mixed), `seed ${seed}`).toEqual(whole);
      }
    });
  }

  it("keeps what came before an error, and says that it is a part", () => {
    expect(run(stream("error-partial")).failure).toMatchObject({ partial: true, retryable: true });
    expect(run(stream("error-early")).failure).toMatchObject({
      partial: false,
      retryAfterMs: 45_000,
    });
  });

  it("puts the pieces of a tool call together", () => {
    expect(run(stream("tools")).tools).toEqual([
      { type: "tool", id: "call-1", name: "search", arguments: '{"query":"tides"}' },
      { type: "tool", id: "call-2", name: "clock", arguments: "{}" },
    ]);
  });

  it("derives the response, the reasoning and the calls from the parts", () => {
    for (const name of Object.keys(expectations())) {
      const { parts, response, reasoning, tools } = run(stream(name));
      const text = (type: "text" | "reasoning") =>
        parts.map((part) => (part.type === type ? part.text : "")).join("");
      expect([text("text"), text("reasoning")], name).toEqual([response, reasoning]);
      expect(parts.filter(({ type }) => type === "tool")).toEqual(tools);
    }
  });

  it("times the reasoning until the first word of the answer", () => {
    expect(run(stream("reasoning")).reasoningMs).toBe(700);
  });

  it("times reasoning that nothing follows until the end", () => {
    const thinking = stream("reasoning").slice(0, 5);
    for (const ending of [end("inf-reasoning", 7, true), fail("inf-reasoning", 7)]) {
      const { parts, reasoningMs } = run([...thinking, { ...ending, ms: 2_000 }]);
      expect([reasoningMs, parts]).toEqual([1_100, [expect.objectContaining({ ms: 1_100 })]]);
    }
  });

  it("shows retries and statuses only until there is something to read", () => {
    const events = stream("retrying");
    expect(run(events.slice(0, 4)).retrying).toMatchObject({ attempt: 3, code: "SERVER_ERROR" });
    expect(run(events.slice(0, 6))).toMatchObject({ retrying: null, thinking: null });
  });
});

describe("parts", () => {
  const think = (seq: number, text: string, ms: number): AnyEvent => ({
    ...{ channel: "llm:reasoning", inferenceId: ID, seq, ms, text, count: 1 },
  });
  const call = (seq: number, id: string, argumentsDelta: string): AnyEvent => ({
    ...{ channel: "llm:tool", inferenceId: ID, seq, ms: seq, id, name: "clock", argumentsDelta },
  });

  it("stand in the order of the events, with adjacent text as one part", () => {
    const state = run([
      think(0, "First ", 10),
      think(1, "thought", 20),
      { ...tokenEvent(ID, 2, "Let me "), ms: 50 },
      tokenEvent(ID, 3, "look."),
      call(4, "a", "{"),
      call(5, "b", "{}"),
      call(6, "a", "}"),
      think(7, "Second", 100),
      { ...tokenEvent(ID, 8, "It is noon."), ms: 130 },
    ]);
    expect(state.parts).toEqual([
      { type: "reasoning", text: "First thought", ms: 40 },
      { type: "text", text: "Let me look." },
      { type: "tool", id: "a", name: "clock", arguments: "{}" },
      { type: "tool", id: "b", name: "clock", arguments: "{}" },
      { type: "reasoning", text: "Second", ms: 30 },
      { type: "text", text: "It is noon." },
    ]);
    expect(state).toMatchObject({
      response: "Let me look.It is noon.",
      reasoning: "First thoughtSecond",
      reasoningMs: 70,
    });
  });

  it("that are complete stay the same objects, and nothing makes an empty one", () => {
    const before = run([tokenEvent(ID, 0, "Let me look."), call(1, "a", "{}")]);
    const after = reduce(before, [
      tokenEvent(ID, 2, "Noon"),
      tokenEvent(ID, 3, ""),
      think(4, "", 4),
    ]);
    expect(after.parts).toHaveLength(3);
    expect(after.parts[0]).toBe(before.parts[0]);
    expect(after.parts[1]).toBe(before.parts[1]);
  });

  it("of two lists become one list, in which a text goes on", () => {
    const text = (of: string) => ({ type: "text", text: of }) as const;
    expect(joinParts([text("half a ")], [text("sentence")])).toEqual([text("half a sentence")]);
    expect(joinParts([], [text("a")])).toEqual([text("a")]);
    const thought = { type: "reasoning", text: "hm", ms: null } as const;
    const timed = { ...thought, ms: 5 };
    expect(joinParts([text("a"), thought], [timed, text("b")])).toEqual([
      text("a"),
      { type: "reasoning", text: "hmhm", ms: 5 },
      text("b"),
    ]);
  });
});

describe("gaps", () => {
  it("holds what follows a gap until the gap is filled", () => {
    const gapped = reduce(initialRun, [tokenEvent(ID, 0, "a"), tokenEvent(ID, 2, "c"), end(ID, 3)]);
    expect(gapped).toMatchObject({ response: "a", next: 1, status: "streaming" });
    expect(hasGap(gapped)).toBe(true);
    const filled = reduce(gapped, tokenEvent(ID, 1, "b"));
    expect(filled).toMatchObject({ response: "abc", status: "done", held: [] });
    expect(hasGap(filled)).toBe(false);
  });

  it("drops what an attached piece made superfluous", () => {
    const gapped = reduce(initialRun, [tokenEvent(ID, 2, "c"), tokenEvent(ID, 3, "d")]);
    const joined = { ...tokenEvent(ID, 0, "abcd"), count: 4 } as AnyEvent;
    expect(reduce(gapped, joined)).toMatchObject({ response: "abcd", next: 4, held: [] });
  });

  it("holds no more than it must, and still comes right", () => {
    const events = Array.from({ length: 1_000 }, (_, seq) => tokenEvent(ID, seq, "x"));
    const gapped = reduce(initialRun, events.slice(1));
    expect(gapped.held.length).toBeLessThanOrEqual(256);
    expect(reduce(gapped, events).response).toHaveLength(1_000);
  });
});

describe("the end", () => {
  // shows: D74
  it("is final: nothing follows done, cancelled or error", () => {
    for (const last of [end(ID, 1), end(ID, 1, true), fail(ID, 1)]) {
      const ended = reduce(initialRun, [tokenEvent(ID, 0, "a"), last]);
      expect(hasEnded(ended)).toBe(true);
      expect(reduce(ended, [tokenEvent(ID, 2, "LATE"), end(ID, 3)])).toBe(ended);
      expect(refuse(ended, hostLost(""))).toBe(ended);
      expect(markStopping(ended)).toBe(ended);
      expect(cancelUnsent(ended)).toBe(ended);
    }
  });

  it("takes words that the log has between a stop and its confirmation", () => {
    const stopping = markStopping(reduce(initialRun, tokenEvent(ID, 0, "a")));
    expect(stopping.status).toBe("stopping");
    const late = reduce(stopping, tokenEvent(ID, 1, "b"));
    expect(late).toMatchObject({ status: "stopping", response: "ab" });
    expect(reduce(late, end(ID, 2, true)).status).toBe("cancelled");
  });

  it("goes on when the stop could not be asked for", () => {
    expect(continueRun(markStopping(initialRun)).status).toBe("submitted");
    expect(continueRun(markStopping(reduce(initialRun, tokenEvent(ID, 0, "a")))).status).toBe(
      "streaming",
    );
  });
});

it.each([
  [{ verdict: "allow" }, "approved"],
  [{ verdict: "allow", edited: { to: "ann" } }, "edited"],
  [{ verdict: "deny" }, "denied"],
])("has the state of a call after the decision %o", (decision, state) => {
  const asked = { channel: "llm:call", callId: "c1", tool: "send_mail", state: "waiting" };
  const decided = { channel: "llm:approval", callId: "c1", state: "decided", ...decision };
  const events = [asked, decided].map((event, seq) => ({ ...event, inferenceId: ID, seq, ms: 0 }));
  const [part] = run(events as unknown as AnyEvent[]).parts;
  expect(part?.type === "tool" && part.call?.state).toBe(state);
});

// shows: B55, D72
it("ignores the events of other runs", () => {
  expect(reduce(initialRun, [tokenEvent("inf-2", 0, "OLD")])).toBe(initialRun);
});

it("does not change the state that it was given", () => {
  const before = JSON.stringify(initialRun);
  reduce(initialRun, stream("plain", ID));
  expect(JSON.stringify(initialRun)).toBe(before);
});
