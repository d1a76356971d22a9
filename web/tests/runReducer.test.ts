/** Every stream, in every disorder, gives the state that its log says. */
import { describe, expect, it } from "vitest";
import type { AnyEvent } from "../src/bridge/contract";
import { randomOf } from "../src/bridge/fake/settings";
import {
  askToStop,
  beginRun,
  goOn,
  hasEnded,
  hasGap,
  type RunState,
  reduce,
  refuse,
  withdraw,
} from "../src/llm/runReducer";
import { end, expectations, fail, say, stream } from "./support";

const ID = "inf-1";
const begun = beginRun(ID);

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
        const again = events.filter(() => random() < 0.5);
        const mixed = [...events, ...again]
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
      { id: "call-1", name: "search", arguments: '{"query":"tides"}' },
      { id: "call-2", name: "clock", arguments: "{}" },
    ]);
  });

  it("times the reasoning until the first word of the answer", () => {
    expect(run(stream("reasoning")).reasoningMs).toBe(700);
  });

  it("shows retries and statuses only until there is something to read", () => {
    const events = stream("retrying");
    expect(run(events.slice(0, 4)).retrying).toMatchObject({ attempt: 3, code: "SERVER_ERROR" });
    expect(run(events.slice(0, 6))).toMatchObject({ retrying: null, thinking: null });
  });
});

describe("gaps", () => {
  it("holds what follows a gap until the gap is filled", () => {
    const gapped = reduce(begun, [say(ID, 0, "a"), say(ID, 2, "c"), end(ID, 3)]);
    expect(gapped).toMatchObject({ response: "a", next: 1, status: "streaming" });
    expect(hasGap(gapped)).toBe(true);
    const filled = reduce(gapped, say(ID, 1, "b"));
    expect(filled).toMatchObject({ response: "abc", status: "done", held: [] });
    expect(hasGap(filled)).toBe(false);
  });

  it("drops what an attached piece made superfluous", () => {
    const gapped = reduce(begun, [say(ID, 2, "c"), say(ID, 3, "d")]);
    const joined = { ...say(ID, 0, "abcd"), count: 4 } as AnyEvent;
    expect(reduce(gapped, joined)).toMatchObject({ response: "abcd", next: 4, held: [] });
  });

  it("holds no more than it must, and still comes right", () => {
    const events = Array.from({ length: 1_000 }, (_, seq) => say(ID, seq, "x"));
    const gapped = reduce(begun, events.slice(1));
    expect(gapped.held.length).toBeLessThanOrEqual(256);
    expect(reduce(gapped, events).response).toHaveLength(1_000);
  });
});

describe("the end", () => {
  // shows: D74
  it("is final: nothing follows done, cancelled or error", () => {
    for (const last of [end(ID, 1), end(ID, 1, true), fail(ID, 1)]) {
      const ended = reduce(begun, [say(ID, 0, "a"), last]);
      expect(hasEnded(ended)).toBe(true);
      expect(reduce(ended, [say(ID, 2, "LATE"), end(ID, 3)])).toBe(ended);
      expect(
        refuse(ended, { code: "HOST_LOST", message: "", retryable: true, retryAfterMs: null }),
      ).toBe(ended);
      expect(askToStop(ended)).toBe(ended);
      expect(withdraw(ended)).toBe(ended);
    }
  });

  it("takes words that the log has between a stop and its confirmation", () => {
    const stopping = askToStop(reduce(begun, say(ID, 0, "a")));
    expect(stopping.status).toBe("stopping");
    const late = reduce(stopping, say(ID, 1, "b"));
    expect(late).toMatchObject({ status: "stopping", response: "ab" });
    expect(reduce(late, end(ID, 2, true)).status).toBe("cancelled");
  });

  it("goes on when the stop could not be asked for", () => {
    expect(goOn(askToStop(begun)).status).toBe("submitted");
    expect(goOn(askToStop(reduce(begun, say(ID, 0, "a")))).status).toBe("streaming");
  });
});

// shows: B55, D72
it("ignores the events of other runs", () => {
  expect(reduce(begun, [say("inf-2", 0, "OLD")])).toBe(begun);
});

it("does not change the state that it was given", () => {
  const before = JSON.stringify(begun);
  reduce(begun, stream("plain", ID));
  expect(JSON.stringify(begun)).toBe(before);
});
