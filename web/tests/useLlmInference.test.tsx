/** The hook, with one test for each defect of the reference design. */
import { act, render, renderHook } from "@testing-library/react";
import { Activity, type ReactNode, StrictMode } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Message } from "../src/bridge/contract";
import type { FakeSettings } from "../src/bridge/fake/settings";
import type { Llm } from "../src/bridge/llmApi";
import {
  createInference,
  type InferenceOptions,
  type LlmInference,
  LlmProvider,
  type RunFailure,
  type RunState,
  useLlmInference,
} from "../src/llm";
import {
  end,
  type FakePage,
  fail,
  fakePage,
  type ManualPage,
  manualPage,
  settled,
  tokenEvent,
  turn,
} from "./support";

afterEach(() => vi.useRealTimers());

const WORDS = Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ");
const question = (content: string): Message[] => [{ role: "user", content }];

function renderInference(llm: Llm, options: Partial<InferenceOptions> = {}, wrapper = Plain) {
  return renderHook(
    (changed: Partial<InferenceOptions>) => {
      return useLlmInference({ providerId: "echo", llm, ...options, ...changed });
    },
    { wrapper, initialProps: {} },
  );
}

function Plain({ children }: { children: ReactNode }) {
  return <>{children}</>;
}

/** Start a run whose call has not been answered; the id that the page chose for it. */
async function beginRun({ transport }: ManualPage, start: () => unknown): Promise<string> {
  act(() => void start());
  await settled();
  const call = transport.calls().findLast(({ method }) => method === "llm.inference");
  const params = call?.params as { inferenceId: string } | undefined;
  return params?.inferenceId ?? "no call";
}

async function pushed({ transport }: ManualPage, ...events: unknown[]): Promise<void> {
  await act(async () => void transport.push(...events));
}

describe("the result of the hook", () => {
  // shows: B53, B54, B56, D76
  it("is idle, then loading, then done, with everything that is known", async () => {
    const page = await fakePage({ rate: 100 });
    const { result } = renderInference(page.llm);
    expect(result.current).toMatchObject({
      response: "",
      isLoading: false,
      error: null,
      status: "idle",
      inferenceId: null,
    });
    act(() => void result.current.runInference(question(`/reasoning Let me see\n${WORDS}`)));
    expect(result.current).toMatchObject({ isLoading: true, status: "submitted" });
    await turn(200);
    expect(result.current.status).toBe("streaming");
    await turn(2_000);
    expect(result.current).toMatchObject({
      response: WORDS,
      reasoning: "Let me see",
      isLoading: false,
      error: null,
      failure: null,
      status: "done",
      finishReason: "stop",
    });
    expect(result.current.usage?.outputTokens).toBe(43);
    expect(result.current.timing?.tokensPerSecond).toBeGreaterThan(50);
    expect(result.current.inferenceId).toMatch(/^inf-/);
  });

  // shows: B56, B57, D75
  it("has an error with its code, and calls onError once", async () => {
    const page = await fakePage({ rate: 0 });
    const onError = vi.fn<(failure: RunFailure) => void>();
    const { result } = renderInference(page.llm, { onError });
    act(() => void result.current.runInference(question("half\n/error RATE_LIMIT 700")));
    await turn(300);
    expect(result.current).toMatchObject({
      status: "error",
      isLoading: false,
      response: "half",
      error: "The script asked for RATE_LIMIT.",
      failure: { code: "RATE_LIMIT", retryable: true, retryAfterMs: 700, partial: true },
    });
    expect(onError).toHaveBeenCalledTimes(1);
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ code: "RATE_LIMIT", retryable: true });
  });

  // shows: B58
  it("has the reason of a refused call", async () => {
    const page = await fakePage();
    const { result } = renderInference(page.llm);
    act(() => void result.current.runInference([]));
    await turn(100);
    expect(result.current).toMatchObject({
      isLoading: false,
      error: "Messages must be a non-empty array",
      failure: { code: "VALIDATION" },
    });
  });

  // shows: D67, D89
  it("keeps its functions the same from render to render", async () => {
    const page = await fakePage({ rate: 100 });
    const { result, rerender } = renderInference(page.llm);
    const { runInference, cancel, retry, reset } = result.current;
    act(() => void runInference(question(WORDS)));
    await turn(300);
    rerender({ temperature: 1 });
    expect(result.current.runInference).toBe(runInference);
    expect(result.current.cancel).toBe(cancel);
    expect(result.current.retry).toBe(retry);
    expect(result.current.reset).toBe(reset);
  });

  // shows: D78
  it("returns a run that can be awaited, read and cancelled", async () => {
    const page = await fakePage({ rate: 100 });
    const { result } = renderInference(page.llm);
    const run = await act(async () => result.current.runInference(question(WORDS)));
    expect(run.id).toBe(result.current.inferenceId);
    await turn(200);
    act(() => void run.cancel());
    await turn(100);
    expect((await run.result).status).toBe("cancelled");
    expect(result.current.status).toBe("cancelled");
  });
});

describe("early events (the answer to the call comes last)", () => {
  // shows: D68, D69
  it("tokens and done", async () => {
    const page = await manualPage();
    const { result } = renderInference(page.llm);
    const id = await beginRun(page, () => result.current.runInference(question("x")));
    await pushed(page, tokenEvent(id, 0, "Hello "), tokenEvent(id, 1, "world"), end(id, 2));
    expect(result.current).toMatchObject({ response: "Hello world", isLoading: false });
  });

  // shows: D70
  it("an error", async () => {
    const page = await manualPage();
    const onError = vi.fn();
    const { result } = renderInference(page.llm, { onError });
    const id = await beginRun(page, () => result.current.runInference(question("x")));
    await pushed(page, fail(id, 0));
    expect(result.current).toMatchObject({ error: "It broke", isLoading: false });
    expect(onError).toHaveBeenCalledTimes(1);
  });

  // shows: D71
  it("a cancel is not forgotten", async () => {
    const page = await manualPage();
    const { result } = renderInference(page.llm);
    const id = await beginRun(page, () => result.current.runInference(question("x")));
    act(() => void result.current.cancel());
    expect(result.current).toMatchObject({ status: "stopping", isLoading: true });
    await act(async () => page.transport.reply(page.transport.calls()[0], id));
    await settled();
    expect(page.transport.calls().at(-1)).toMatchObject({ method: "llm.cancel", params: id });
  });
});

describe("after a cancel", () => {
  // shows: D74
  it("it is loading until the host confirms, and nothing follows the end", async () => {
    const page = await manualPage();
    const onDone = vi.fn<(state: RunState) => void>();
    const { result } = renderInference(page.llm, { onDone });
    const id = await beginRun(page, () => result.current.runInference(question("x")));
    await act(async () => page.transport.reply(page.transport.calls()[0], id));
    await pushed(page, tokenEvent(id, 0, "part"));
    act(() => void result.current.cancel());
    await settled();
    expect(result.current).toMatchObject({ status: "stopping", isLoading: true });
    await pushed(page, end(id, 1, true), tokenEvent(id, 2, "LATE"));
    expect(result.current).toMatchObject({
      status: "cancelled",
      isLoading: false,
      response: "part",
    });
    expect(onDone).toHaveBeenCalledTimes(1);
  });

  // shows: D74
  it("that the host could not be asked for it goes on loading", async () => {
    const page = await manualPage();
    const { result } = renderInference(page.llm);
    const id = await beginRun(page, () => result.current.runInference(question("x")));
    await act(async () => page.transport.reply(page.transport.calls()[0], id));
    await pushed(page, tokenEvent(id, 0, "part"));
    act(() => void result.current.cancel());
    await settled();
    await act(async () => page.transport.peer.lost("gone"));
    expect(result.current).toMatchObject({ status: "streaming", isLoading: true });
  });
});

describe("a second call while the first is under way", () => {
  async function busy(options: Partial<InferenceOptions>) {
    const page = await fakePage({ rate: 100 });
    const { result } = renderInference(page.llm, options);
    act(() => void result.current.runInference(question(`OLD ${WORDS}`)));
    await turn(150);
    return { page, result };
  }

  // shows: B54, D72
  it("replaces it: the old one is cancelled and none of its words are shown", async () => {
    const { page, result } = await busy({});
    act(() => void result.current.runInference(question("NEW one")));
    expect(result.current).toMatchObject({ response: "", status: "submitted" });
    await turn(1_500);
    expect(result.current).toMatchObject({ response: "NEW one", status: "done" });
    const [old] = [...page.transport.host.runs.values()];
    expect(old?.events.at(-1)).toMatchObject({ channel: "llm:done", cancelled: true });
  });

  it("waits for it", async () => {
    const ends: string[] = [];
    const { page, result } = await busy({
      whenBusy: "queue",
      onDone: ({ response }) => ends.push(response),
    });
    const first = result.current.inferenceId;
    act(() => {
      result.current.runInference(question("second"));
      result.current.runInference(question("third"));
    });
    await turn(100);
    expect(result.current.inferenceId).toBe(first);
    expect(page.transport.host.runs.size).toBe(1);
    await turn(2_000);
    expect(ends).toEqual([`OLD ${WORDS}`, "second", "third"]);
    expect(result.current).toMatchObject({ response: "third", status: "done" });
  });

  it("waits for it no longer when it is taken back, and the next one has its turn", async () => {
    const { result } = await busy({ whenBusy: "queue" });
    let second: { cancel(): Promise<boolean> } | undefined;
    act(() => {
      second = result.current.runInference(question("second"));
      result.current.runInference(question("third"));
    });
    await act(async () => void (await second?.cancel()));
    await turn(2_000);
    expect(result.current).toMatchObject({ response: "third", status: "done" });
  });

  it("waits also when the one before it is taken back: one run at a time", async () => {
    const { page, result } = await busy({ whenBusy: "queue" });
    const [second] = await act(async () =>
      ["second", "third"].map((content) => result.current.runInference(question(content))),
    );
    await act(async () => void (await second?.cancel()));
    await turn(100);
    expect(page.transport.host.runs.size).toBe(1);
    expect(result.current).toMatchObject({ status: "streaming" });
    await turn(2_000);
    expect([...page.transport.host.runs.values()].map(({ text }) => text)).toEqual([
      `OLD ${WORDS}`,
      "third",
    ]);
  });

  it("that a callback makes takes its place behind those that wait", async () => {
    const ends: string[] = [];
    let follow = (): void => {};
    const { result } = await busy({
      whenBusy: "queue",
      onDone({ response }) {
        ends.push(response);
        if (ends.length === 1) follow();
      },
    });
    follow = () => void result.current.runInference(question("from the callback"));
    act(() => {
      result.current.runInference(question("second"));
      result.current.runInference(question("third"));
    });
    await turn(3_000);
    expect(ends).toEqual([`OLD ${WORDS}`, "second", "third", "from the callback"]);
  });

  it("can override the behavior during a live run", async () => {
    const { result } = await busy({ whenBusy: "reject" });
    act(() => void result.current.runInference(question("second"), { whenBusy: "queue" }));
    await turn(2_000);
    expect(result.current.response).toBe("second");
  });

  it("is refused, and the first is not disturbed", async () => {
    const { result } = await busy({ whenBusy: "reject" });
    const run = await act(async () => result.current.runInference(question("second")));
    expect((await run.result).failure).toMatchObject({ code: "SESSION_BUSY" });
    await turn(1_500);
    expect(result.current.response).toBe(`OLD ${WORDS}`);
  });

  it("a cancel ends the one and all that wait", async () => {
    const { page, result } = await busy({ whenBusy: "queue" });
    act(() => void result.current.runInference(question("second")));
    act(() => void result.current.cancel());
    await turn(1_000);
    expect(result.current.status).toBe("cancelled");
    expect(page.transport.host.runs.size).toBe(1);
  });
});

describe("two hooks", () => {
  // shows: B55, D64
  it("each show their own run", async () => {
    const page = await fakePage({ rate: 100 });
    const first = renderInference(page.llm);
    const other = renderInference(page.llm);
    act(() => {
      first.result.current.runInference(question(`one ${WORDS}`));
      other.result.current.runInference(question(`other ${WORDS}`));
    });
    await turn(2_000);
    expect(first.result.current.response).toBe(`one ${WORDS}`);
    expect(other.result.current.response).toBe(`other ${WORDS}`);
  });
});

describe("mounting and unmounting", () => {
  // shows: D73
  it("an unmount cancels the run", async () => {
    const page = await fakePage({ rate: 100 });
    const { result, unmount } = renderInference(page.llm);
    act(() => void result.current.runInference(question(WORDS)));
    await turn(150);
    unmount();
    await turn(200);
    const [run] = [...page.transport.host.runs.values()];
    expect(run?.events.at(-1)).toMatchObject({ cancelled: true });
  });

  // shows: D73
  it("or lets it finish, without further callbacks", async () => {
    const page = await fakePage({ rate: 100 });
    const onToken = vi.fn();
    const onDone = vi.fn();
    const { result, unmount } = renderInference(page.llm, { onUnmount: "keep", onToken, onDone });
    act(() => void result.current.runInference(question(WORDS)));
    await turn(150);
    unmount();
    const tokenCalls = onToken.mock.calls.length;
    await turn(2_000);
    const [run] = [...page.transport.host.runs.values()];
    expect(run?.text).toBe(WORDS);
    expect(onToken).toHaveBeenCalledTimes(tokenCalls);
    expect(onDone).not.toHaveBeenCalled();
  });

  it("works the same under strict mode, and asks the host once", async () => {
    const page = await fakePage({ rate: 100 });
    const { result } = renderInference(page.llm, {}, StrictMode as typeof Plain);
    act(() => void result.current.runInference(question(WORDS)));
    await turn(2_000);
    expect(result.current).toMatchObject({ response: WORDS, status: "done" });
    expect(page.transport.host.runs.size).toBe(1);
  });

  it("resumes a run, under strict mode too, from its beginning", async () => {
    const page = await fakePage({ rate: 100 });
    const request = { messages: question(WORDS), providerId: "echo", inferenceId: "inf-before" };
    void page.llm.llmInference(request);
    await turn(200);
    const { result } = renderInference(
      page.llm,
      { resume: "inf-before" },
      StrictMode as typeof Plain,
    );
    await turn(60);
    expect(result.current).toMatchObject({ status: "streaming", inferenceId: "inf-before" });
    expect(result.current.response).toMatch(/^word0 word1/);
    await turn(2_000);
    expect(result.current).toMatchObject({ status: "done", response: WORDS });
  });
});

describe("a component that is hidden (Activity)", () => {
  async function showInActivity(options: Partial<InferenceOptions>) {
    const page = await fakePage({ rate: 100 });
    let last: LlmInference | undefined;
    function Shown() {
      last = useLlmInference({ providerId: "echo", llm: page.llm, ...options });
      return <p>{last.response}</p>;
    }
    const tree = (mode: "visible" | "hidden") => (
      <Activity mode={mode}>
        <Shown />
      </Activity>
    );
    const { rerender } = render(tree("visible"));
    const show = async (mode: "visible" | "hidden") => {
      await act(async () => rerender(tree(mode)));
    };
    const now = (): LlmInference => last ?? expect.fail("nothing was rendered");
    act(() => void now().runInference(question(WORDS)));
    await turn(150);
    return { page, show, now };
  }

  it("ends its run, and says so when it is shown again", async () => {
    const { show, now } = await showInActivity({});
    await show("hidden");
    await turn(1_000);
    await show("visible");
    expect(now()).toMatchObject({ status: "cancelled", isLoading: false });
    act(() => void now().runInference(question("again")));
    await turn(500);
    expect(now()).toMatchObject({ status: "done", response: "again" });
  });

  it("keeps its run if it is to, and goes on showing it", async () => {
    const onDone = vi.fn();
    const { show, now } = await showInActivity({ onUnmount: "keep", onDone });
    await show("hidden");
    await turn(100);
    await show("visible");
    await turn(100);
    expect(now().status).toBe("streaming");
    await turn(2_000);
    expect(now()).toMatchObject({ status: "done", response: WORDS });
    expect(onDone).toHaveBeenCalledTimes(1);
  });

  it("shows the whole answer when the run has ended meanwhile", async () => {
    const { show, now } = await showInActivity({ onUnmount: "keep" });
    await show("hidden");
    await turn(2_000);
    await show("visible");
    expect(now()).toMatchObject({ status: "done", response: WORDS, isLoading: false });
  });

  it("does not resume the old run when a newer one is shown", async () => {
    const { page, show, now } = await showInActivity({ resume: "inf-old", onUnmount: "keep" });
    expect(page.transport.host.runs.size).toBe(1);
    await show("hidden");
    await show("visible");
    await turn(2_000);
    expect(now()).toMatchObject({ status: "done", response: WORDS });
  });
});

describe("the host that it uses", () => {
  it("without any host says so in a sentence", async () => {
    const onError = vi.fn();
    const { result } = renderHook(() => useLlmInference({ providerId: "local", onError }));
    act(() => void result.current.runInference(question("x")));
    expect(result.current).toMatchObject({ status: "error", isLoading: false });
    expect(result.current.error).toMatch(/^This page has no host to ask: pass `llm`/);
    expect(result.current.failure).toMatchObject({ code: "HOST_LOST" });
    expect(onError).toHaveBeenCalledTimes(1);
    const { result: resuming } = renderHook(() =>
      useLlmInference({ providerId: "local", resume: "inf-1" }),
    );
    expect(resuming.current.status).toBe("error");
  });

  it("comes from the provider around it, unless an option sets it", async () => {
    const provided = await manualPage();
    const named = await manualPage();
    const wrapper = ({ children }: { children: ReactNode }) => (
      <LlmProvider llm={provided.llm}>{children}</LlmProvider>
    );
    const first = renderHook(() => useLlmInference({ providerId: "a" }), { wrapper });
    const other = renderHook(() => useLlmInference({ providerId: "b", llm: named.llm }), {
      wrapper,
    });
    await beginRun(provided, () => first.result.current.runInference(question("x")));
    await beginRun(named, () => other.result.current.runInference(question("y")));
    expect(provided.transport.calls()[0]?.params).toMatchObject({ providerId: "a" });
    expect(named.transport.calls()[0]?.params).toMatchObject({ providerId: "b" });
    expect(provided.transport.calls()).toHaveLength(1);
  });
});

describe("one inference for several components", () => {
  it("shows all of them the same run, and any of them stops it", async () => {
    const page = await fakePage({ rate: 100 });
    const owner = renderInference(page.llm);
    const other = renderHook(() => useLlmInference({ inference: owner.result.current.inference }));
    act(() => void owner.result.current.runInference(question(WORDS)));
    await turn(200);
    expect(other.result.current.response).not.toBe("");
    expect(other.result.current.response).toBe(owner.result.current.response);
    act(() => void other.result.current.cancel());
    await turn(200);
    expect(owner.result.current.status).toBe("cancelled");
  });

  it("lives until the last of them goes", async () => {
    const page = await fakePage({ rate: 100 });
    const inference = createInference({ providerId: "echo", llm: page.llm });
    const first = renderHook(() => useLlmInference({ inference }));
    const other = renderHook(() => useLlmInference({ inference }));
    act(() => void first.result.current.runInference(question(WORDS)));
    await turn(100);
    first.unmount();
    await turn(100);
    expect(other.result.current.status).toBe("streaming");
    other.unmount();
    await turn(100);
    expect(inference.get().status).toBe("cancelled");
  });
});

describe("callbacks", () => {
  it("that throw are reported, and neither the run nor the queue stops", async () => {
    const reported = vi.fn();
    vi.stubGlobal("reportError", reported);
    const page = await fakePage({ rate: 100 });
    const mistake = (): never => {
      throw new Error("a mistake of the page");
    };
    const { result } = renderInference(page.llm, {
      whenBusy: "queue",
      onToken: mistake,
      onDone: mistake,
    });
    const first = await act(async () => result.current.runInference(question("first")));
    await act(async () => result.current.runInference(question("second")));
    await turn(1_000);
    expect((await first.result).status).toBe("done");
    expect(result.current).toMatchObject({ status: "done", response: "second" });
    expect(reported).toHaveBeenCalledTimes(4);
  });

  it("tell of every end once, with how it ended", async () => {
    const page = await fakePage({ rate: 100 });
    const ends: string[] = [];
    const { result } = renderInference(page.llm, { onFinish: ({ status }) => ends.push(status) });
    act(() => void result.current.runInference(question("whole")));
    await turn(500);
    act(() => void result.current.runInference(question("half\n/error OVERLOADED")));
    await turn(500);
    act(() => void result.current.runInference(question(WORDS)));
    await turn(100);
    act(() => void result.current.cancel());
    await turn(200);
    expect(ends).toEqual(["done", "error", "cancelled"]);
  });

  // shows: D67
  it("are the latest ones, and get every word in order", async () => {
    const page = await fakePage({ rate: 100 });
    const first: string[] = [];
    const second: string[] = [];
    const { result, rerender } = renderInference(page.llm, {});
    rerender({ onToken: (text: string) => first.push(text) });
    act(() => void result.current.runInference(question(WORDS)));
    await turn(200);
    rerender({ onToken: (text: string) => second.push(text) });
    await turn(2_000);
    expect(first.length).toBeGreaterThan(0);
    expect(second.length).toBeGreaterThan(0);
    expect([...first, ...second].join("")).toBe(WORDS);
  });

  it("options of a call win over those of the hook, and a retry has them, too", async () => {
    const page = await manualPage();
    const { result } = renderInference(page.llm, { temperature: 0.1, modelId: "small" });
    const id = await beginRun(page, () =>
      result.current.runInference(question("x"), { modelId: "large", maxTokens: 5 }),
    );
    await pushed(page, end(id, 0));
    await beginRun(page, () => result.current.retry());
    const sent = page.transport.calls().map(({ params }) => params);
    expect(sent).toHaveLength(2);
    for (const params of sent) {
      expect(params).toMatchObject({
        providerId: "echo",
        temperature: 0.1,
        modelId: "large",
        maxTokens: 5,
      });
      expect(params).not.toHaveProperty("whenBusy");
    }
  });

  // shows: B52, B54, D89, D90
  it("the request has the options of the latest render", async () => {
    const page = await manualPage();
    const { result, rerender } = renderInference(page.llm, { temperature: 0.1 });
    rerender({ temperature: 0.9, systemPrompt: "Be brief" });
    await beginRun(page, () => result.current.runInference(question("x")));
    expect(page.transport.calls()[0]?.params).toEqual({
      providerId: "echo",
      temperature: 0.9,
      systemPrompt: "Be brief",
      stream: true,
      messages: question("x"),
      inferenceId: expect.stringMatching(/^inf-/),
    });
  });
});

describe("parts", () => {
  it("are there in order, and the rest is made from them", async () => {
    const page = await fakePage({ rate: 0 });
    const { result } = renderInference(page.llm);
    const script = "/reasoning Let me see\nI look.\n/tool clock {}\nIt is noon.";
    act(() => void result.current.runInference(question(script)));
    await turn(300);
    const { parts, response, tools } = result.current;
    expect(parts.map(({ type }) => type)).toEqual(["reasoning", "text", "tool", "text"]);
    expect(response).toBe("I look.It is noon.");
    expect(tools).toEqual([parts[2]]);
  });

  it("have the host's activity beside them, under its old name, too", async () => {
    const page = await manualPage();
    const { result } = renderInference(page.llm);
    const inferenceId = await beginRun(page, () => result.current.runInference(question("x")));
    const stamp = { inferenceId, seq: 0, ms: 0 };
    await pushed(page, { ...stamp, channel: "llm:thinking", status: "Loading", progress: 0.5 });
    expect(result.current.activity).toMatchObject({ status: "Loading", progress: 0.5 });
    expect(result.current.thinking).toBe(result.current.activity);
  });
});

describe("retry and reset", () => {
  // shows: D75, D91
  it("retry asks the same again", async () => {
    const page = await fakePage({ rate: 0 });
    const { result } = renderInference(page.llm);
    expect(result.current.retry()).toBeNull();
    act(() => void result.current.runInference(question("half\n/error OVERLOADED")));
    await turn(200);
    const first = result.current.inferenceId;
    act(() => void result.current.retry());
    expect(result.current).toMatchObject({ response: "", error: null, isLoading: true });
    await turn(200);
    expect(result.current.response).toBe("half");
    expect(result.current.inferenceId).not.toBe(first);
  });

  it("reset goes back to the beginning and ends what is live", async () => {
    const page = await fakePage({ rate: 100 });
    const { result } = renderInference(page.llm);
    act(() => void result.current.runInference(question(WORDS)));
    await turn(200);
    act(() => result.current.reset());
    expect(result.current).toMatchObject({ status: "idle", response: "", inferenceId: null });
    await turn(2_000);
    expect(result.current).toMatchObject({ status: "idle", response: "" });
    const [run] = [...page.transport.host.runs.values()];
    expect(run?.events.at(-1)).toMatchObject({ cancelled: true });
  });
});

describe("accidents on the way", () => {
  const accidents: readonly (readonly [string, Partial<FakeSettings>])[] = [
    ["lost pushes", { drop: 0.4 }],
    ["doubled pushes", { double: 0.4 }],
    ["pushes in another order", { reorder: 0.4 }],
    ["a lost connection", { disconnect: 150, away: 100, memory: "load" }],
    ["a connection to a host that forgot the page", { disconnect: 150, away: 100, memory: "runs" }],
  ];

  it.each(accidents)("%s: every word once, in order, and one end", async (_, settings) => {
    const page = await fakePage({ rate: 100, seed: 3, ...settings });
    let tokenText = "";
    const onDone = vi.fn();
    const { result } = renderInference(page.llm, {
      onToken: (text) => (tokenText += text),
      onDone,
    });
    act(() => void result.current.runInference(question(WORDS)));
    await turn(12_000);
    expect(result.current).toMatchObject({ status: "done", response: WORDS, isLoading: false });
    expect(tokenText).toBe(WORDS);
    expect(onDone).toHaveBeenCalledTimes(1);
  });

  it("a host that was started again: the part stays, and the failure says so", async () => {
    const page = await fakePage({ rate: 100, memory: "none" });
    const onError = vi.fn();
    const { result } = renderInference(page.llm, { onError });
    act(() => void result.current.runInference(question(WORDS)));
    await turn(200);
    page.transport.disconnect();
    await turn(2_000);
    expect(result.current.failure).toMatchObject({ code: "HOST_LOST", partial: true });
    expect(result.current.response).not.toBe("");
    expect(onError).toHaveBeenCalledTimes(1);
  });
});

describe("how often it renders", () => {
  async function rendersOf(
    page: FakePage,
    options: Partial<InferenceOptions>,
    script = "/rate 1000\n/repeat 1000 word",
  ): Promise<number> {
    let renders = 0;
    let start: ((messages: Message[]) => unknown) | undefined;
    function Counted() {
      const { runInference } = useLlmInference({ providerId: "echo", llm: page.llm, ...options });
      start = runInference;
      renders += 1;
      return null;
    }
    render(<Counted />);
    act(() => void start?.(question(script)));
    renders = 0;
    await turn(2_000);
    return renders;
  }

  // shows: D77
  it("once a frame at most, however fast words come", async () => {
    const page = await fakePage();
    const renders = await rendersOf(page, {});
    // A thousand words in a second: 63 frames of 16 ms.
    expect(renders).toBeGreaterThan(20);
    expect(renders).toBeLessThanOrEqual(63 * 1.2);
  });

  it("once a frame at most for 5,000 events of one word each", async () => {
    // A host that might reorder joins no words.
    const page = await fakePage({ reorder: 1e-9 });
    const onToken = vi.fn();
    const script = "/rate 5000\n/repeat 5000 word";
    page.llm.onLlmToken(onToken);
    const renders = await rendersOf(page, {}, script);
    expect(onToken).toHaveBeenCalledTimes(5_000);
    expect(renders).toBeGreaterThan(20);
    expect(renders).toBeLessThanOrEqual(63 * 1.2);
  });

  it("or every so many milliseconds", async () => {
    const page = await fakePage();
    expect(await rendersOf(page, { flush: 250 })).toBeLessThanOrEqual(8);
  });

  // shows: B50, D67, D89
  it("subscribes once for a run, not once for a render", async () => {
    const page = await fakePage({ rate: 100 });
    const onLlmEvents = vi.fn(page.llm.onLlmEvents);
    const llm = { ...page.llm, onLlmEvents };
    const { result, rerender } = renderInference(llm);
    act(() => void result.current.runInference(question(WORDS)));
    for (let index = 0; index < 50; index += 1) rerender({ temperature: index / 50 });
    await turn(2_000);
    expect(onLlmEvents).toHaveBeenCalledTimes(1);
  });
});
