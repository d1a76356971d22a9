/** One run, over the fake host with connection failures and over a host controlled by hand. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { AnyEvent } from "../src/bridge/contract";
import { HostError } from "../src/bridge/hostError";
import { attachRun, type Run, startRun } from "../src/llm/run";
import { hasEnded } from "../src/llm/runReducer";
import {
  end,
  type FakePage,
  fail,
  fakePage,
  manualPage,
  settled,
  tokenEvent,
  turn,
} from "./support";

afterEach(() => vi.useRealTimers());

const WORDS = Array.from({ length: 60 }, (_, index) => `word${index}`).join(" ");

function ask({ llm }: FakePage, content: string, inferenceId?: string): Run {
  return startRun(
    llm,
    (id) =>
      llm.llmInference({
        messages: [{ role: "user", content }],
        providerId: "echo",
        inferenceId: id,
      }),
    { inferenceId },
  );
}

describe("a run", () => {
  it("streams, ends once, and keeps what the log says", async () => {
    const page = await fakePage({ rate: 100 });
    const run = ask(page, `/reasoning Let me see\n${WORDS}`);
    const statuses: string[] = [];
    run.subscribe((state, before) => {
      if (state.status !== before.status) statuses.push(state.status);
    });
    await turn(3_000);
    const state = await run.result;
    expect(statuses).toEqual(["streaming", "done"]);
    expect(state).toMatchObject({ response: WORDS, reasoning: "Let me see", finishReason: "stop" });
    expect(state.usage?.outputTokens).toBe(63);
    expect(await run.accepted).toBe(true);
  });

  it("can be read piece by piece", async () => {
    const page = await fakePage({ rate: 100 });
    const run = ask(page, WORDS);
    const pieces: string[] = [];
    const reading = (async () => {
      for await (const piece of run) pieces.push(piece);
    })();
    await turn(2_000);
    await reading;
    expect(pieces.length).toBeGreaterThan(10);
    expect(pieces.join("")).toBe(WORDS);
  });

  it("throws its failure to its readers, after the earlier events", async () => {
    const page = await fakePage({ rate: 0 });
    const run = ask(page, "a part\n/error OVERLOADED 900");
    const pieces: string[] = [];
    const reading = (async () => {
      for await (const piece of run) pieces.push(piece);
    })().catch((error: unknown) => error);
    await turn(500);
    expect(await reading).toMatchObject({ code: "OVERLOADED", retryAfterMs: 900 });
    expect(pieces.join("")).toBe("a part");
    expect((await run.result).failure).toMatchObject({ partial: true });
  });

  it("throws all that the host has said of the failure", async () => {
    const { transport, llm } = await manualPage();
    const run = startRun(llm, () => Promise.resolve());
    await settled();
    const reading = run[Symbol.asyncIterator]().next();
    const words = "quota exceeded for project 7";
    transport.push({ ...fail(run.id, 0, "API_KEY_ERROR"), reason: "NO_KEY", words });
    const thrown = await reading.catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(HostError);
    expect(thrown).toBe(run.get().failure);
    expect(thrown).toMatchObject({ message: "It broke", reason: "NO_KEY", words, partial: false });
  });

  it("ends for all listeners when one throws at the end", async () => {
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    const { transport, llm } = await manualPage();
    const run = startRun(llm, () => Promise.resolve());
    await settled();
    run.subscribe((state) => {
      if (hasEnded(state)) throw new Error("a mistake of the page");
    });
    const pieces: string[] = [];
    const reading = (async () => {
      for await (const piece of run) pieces.push(piece);
    })();
    transport.push(tokenEvent(run.id, 0, "whole"), end(run.id, 1));
    expect((await run.result).status).toBe("done");
    await reading;
    expect(pieces).toEqual(["whole"]);
    expect(reported).toHaveBeenCalledTimes(1);
  });

  it("leaves no timer behind", async () => {
    const page = await fakePage({ rate: 100 });
    ask(page, WORDS);
    await turn(2_000);
    page.bridge.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("connection failures", () => {
  for (const accident of ["drop", "double", "reorder"] as const) {
    it(`${accident}: the text is the log's all the same`, async () => {
      for (let seed = 1; seed <= 4; seed += 1) {
        const page = await fakePage({ rate: 200, [accident]: 0.4, seed });
        const run = ask(page, WORDS);
        await turn(12_000);
        expect(run.get(), `seed ${seed}`).toMatchObject({ status: "done", response: WORDS });
        vi.useRealTimers();
      }
    });
  }

  for (const memory of ["load", "runs"] as const) {
    it(`a lost connection, to a host that remembers the ${memory}`, async () => {
      const page = await fakePage({ rate: 100, disconnect: 150, away: 100, memory });
      const run = ask(page, WORDS);
      await turn(6_000);
      expect(run.get()).toMatchObject({ status: "done", response: WORDS });
    });
  }

  it("a host that was started again has ended the run", async () => {
    const page = await fakePage({ rate: 100, memory: "none" });
    const run = ask(page, WORDS);
    await turn(200);
    page.transport.disconnect();
    await turn(2_000);
    expect(run.get().status).toBe("error");
    expect(run.get().failure).toMatchObject({ code: "HOST_LOST", partial: true, retryable: true });
    expect(run.get().response.length).toBeGreaterThan(0);
  });

  it("asks for the rest once, however many events follow a gap", async () => {
    const { transport, llm } = await manualPage();
    const run = startRun(llm, () => Promise.resolve(), { inferenceId: "inf-1" });
    await settled();
    transport.push(tokenEvent("inf-1", 0, "a"), tokenEvent("inf-1", 2, "c"));
    transport.push(tokenEvent("inf-1", 3, "d"));
    await settled();
    expect(transport.calls()).toHaveLength(1);
    expect(transport.calls()[0]?.params).toEqual({ inferenceId: "inf-1", afterSeq: 0 });
    const events = [
      tokenEvent("inf-1", 1, "b"),
      tokenEvent("inf-1", 2, "c"),
      tokenEvent("inf-1", 3, "d"),
    ];
    transport.reply(transport.calls()[0], { events, live: true, more: false });
    await settled();
    transport.push(end("inf-1", 4));
    expect(await run.result).toMatchObject({ response: "abcd", status: "done" });
  });
});

describe("early arrivals", () => {
  // shows: D68, D69, D70
  it("events that come before the answer to the call have an owner", async () => {
    for (const last of [end, fail]) {
      const { transport, llm } = await manualPage();
      const run = startRun(llm, (inferenceId) =>
        llm.llmInference({ messages: [], providerId: "p", inferenceId }),
      );
      await settled();
      transport.push(
        tokenEvent(run.id, 0, "Hello "),
        tokenEvent(run.id, 1, "world"),
        last(run.id, 2),
      );
      const state = await run.result;
      expect(state.response).toBe("Hello world");
      transport.reply(transport.calls()[0], run.id);
      await settled();
      expect(run.get()).toBe(state);
    }
  });

  // shows: D71
  it("a cancel before the answer is asked for as soon as there is one", async () => {
    const { transport, llm } = await manualPage();
    const run = startRun(llm, (inferenceId) =>
      llm.llmInference({ messages: [], providerId: "p", inferenceId }),
    );
    const cancelled = run.cancel();
    await settled();
    expect(run.get().status).toBe("stopping");
    expect(transport.calls().map((call) => call.method)).toEqual(["llm.inference"]);
    transport.reply(transport.calls()[0], run.id);
    await settled();
    expect(transport.calls().at(-1)).toMatchObject({ method: "llm.cancel", params: run.id });
    transport.reply(transport.calls().at(-1), true);
    transport.push(end(run.id, 0, true));
    expect(await cancelled).toBe(true);
    expect((await run.result).status).toBe("cancelled");
  });
});

describe("cancel", () => {
  // shows: D74
  it("stays stopping until the host confirms, and applies the events until then", async () => {
    const { transport, llm } = await manualPage();
    const run = startRun(llm, () => Promise.resolve());
    await settled();
    transport.push(tokenEvent(run.id, 0, "part"));
    const cancelled = run.cancel();
    await settled();
    transport.reply(transport.calls()[0], true);
    expect(await cancelled).toBe(true);
    expect(run.get()).toMatchObject({ status: "stopping", response: "part" });
    transport.push(
      tokenEvent(run.id, 1, " two"),
      end(run.id, 2, true),
      tokenEvent(run.id, 3, "LATE"),
    );
    expect(run.get()).toMatchObject({ status: "cancelled", response: "part two" });
    expect(await run.cancel()).toBe(false);
  });

  it("that the host knows nothing of asks how the run ended", async () => {
    const { transport, llm } = await manualPage();
    const run = startRun(llm, () => Promise.resolve());
    await settled();
    const cancelled = run.cancel();
    await settled();
    transport.reply(transport.calls()[0], false);
    await settled();
    const events: AnyEvent[] = [tokenEvent(run.id, 0, "whole"), end(run.id, 1)];
    transport.reply(transport.calls()[1], { events, live: false, more: false });
    expect(await cancelled).toBe(false);
    expect(run.get()).toMatchObject({ status: "done", response: "whole" });
  });

  // shows: D74
  it("that cannot be asked for leaves the run as it was", async () => {
    const { transport, llm } = await manualPage();
    const run = startRun(llm, () => Promise.resolve());
    await settled();
    transport.push(tokenEvent(run.id, 0, "part"));
    const cancelled = run.cancel();
    await settled();
    transport.peer.lost("gone");
    expect(await cancelled).toBe(false);
    expect(run.get().status).toBe("streaming");
  });

  it("of a queued run does not ask the host", async () => {
    const { transport, llm } = await manualPage();
    let go = (): void => {};
    const before = new Promise<void>((resolve) => {
      go = resolve;
    });
    const ask = vi.fn(() => Promise.resolve());
    const run = startRun(llm, ask, { after: before });
    expect(await run.cancel()).toBe(true);
    go();
    await settled();
    expect(ask).not.toHaveBeenCalled();
    expect(transport.calls()).toEqual([]);
    expect((await run.result).status).toBe("cancelled");
  });

  it("of a run that waits for a turn which never comes was not accepted", async () => {
    const { llm } = await manualPage();
    const run = startRun(llm, () => Promise.resolve(), { after: new Promise(() => {}) });
    await run.cancel();
    expect(await run.accepted).toBe(false);
  });
});

describe("a run that the host refuses", () => {
  it("ends with the host's reason", async () => {
    const { transport, llm } = await manualPage();
    const run = startRun(llm, (inferenceId) =>
      llm.llmInference({ messages: [], providerId: "p", inferenceId }),
    );
    await settled();
    transport.refuse(transport.calls()[0], { code: "API_KEY_ERROR", message: "No API key" });
    expect(await run.accepted).toBe(false);
    expect((await run.result).failure).toMatchObject({
      code: "API_KEY_ERROR",
      message: "No API key",
      partial: false,
    });
  });

  it("and that is lost on the way is not left running", async () => {
    const { transport, llm } = await manualPage();
    const run = startRun(llm, (inferenceId) =>
      llm.llmInference({ messages: [], providerId: "p", inferenceId }),
    );
    await settled();
    transport.peer.lost("gone");
    expect((await run.result).failure?.code).toBe("HOST_LOST");
    transport.peer.connected();
    await transport.welcome(true);
    await settled();
    expect(transport.calls().at(-1)).toMatchObject({ method: "llm.cancel", params: run.id });
  });

  // shows: B58
  it("reports `Unknown error` if the thrown value is no error", async () => {
    const { llm } = await manualPage();
    const run = startRun(llm, () => Promise.reject("no"));
    expect((await run.result).failure).toMatchObject({
      code: "UNKNOWN_ERROR",
      message: "Unknown error",
    });
  });
});

describe("attaching", () => {
  it("gives the same text in the middle of a run and after it", async () => {
    const page = await fakePage({ rate: 100 });
    const run = ask(page, WORDS, "inf-shared");
    await turn(300);
    const middle = attachRun(page.llm, "inf-shared");
    await turn(100);
    expect(middle.get().response).toBe(run.get().response);
    expect(hasEnded(middle.get())).toBe(false);
    await turn(3_000);
    const late = attachRun(page.llm, "inf-shared");
    await turn(100);
    expect(middle.get()).toEqual(run.get());
    expect(late.get()).toEqual(run.get());
  });

  it("to a run that there is not ends with NOT_FOUND", async () => {
    const page = await fakePage();
    const run = attachRun(page.llm, "inf-none");
    await turn(100);
    expect(await run.accepted).toBe(false);
    expect(run.get().failure?.code).toBe("NOT_FOUND");
  });
});
