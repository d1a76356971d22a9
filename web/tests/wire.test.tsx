/** What an answer has sent and received, the request of a draft, and recordings. */
import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { expect, it, vi } from "vitest";
import type {
  AnyEvent,
  Preferences,
  Preview,
  WireAttempt,
  WireRequest,
  WireRun,
} from "../src/bridge/contract";
import { followDefaults } from "../src/bridge/defaultModel";
import { HostError } from "../src/bridge/hostError";
import { type Conversations, createConversations } from "../src/conversations/conversations";
import { ConversationsContext } from "../src/conversations/useConversations";
import { createPlayer } from "../src/features/recordings/player";
import { RecordingView } from "../src/features/recordings/RecordingView";
import { AnswerItems } from "../src/features/wire/AnswerItems";
import { RequestPreview } from "../src/features/wire/RequestPreview";
import { WirePanel } from "../src/features/wire/WirePanel";
import { createStore } from "../src/lib/store";
import { beginRun, reduce } from "../src/llm/runReducer";
import type { Settings, SettingsState } from "../src/settings/settings";
import { SettingsContext } from "../src/settings/useSettings";
import { Menu } from "../src/ui/Menu";
import { createToastStore, ToastsContext } from "../src/ui/toasts/toastStore";
import { IsBrowserContext } from "../src/ui/useIsBrowser";
import { shownApp } from "./app";
import { expectations, fakePage, stream, turn } from "./support";

const REQUEST: WireRequest = {
  method: "POST",
  url: "https://harbour.test/v1/chat/completions",
  headers: [{ name: "authorization", value: "Bearer [key]", variable: "HARBOUR_KEY" }],
  body: '{"model":"tide","messages":[]}',
  bodyBytes: 30,
  api: "chat",
  baseUrl: "https://harbour.test/v1",
};
const ATTEMPT: WireAttempt = {
  request: REQUEST,
  ms: 12,
  status: 200,
  headers: [{ name: "content-type", value: "text/event-stream" }],
  chunks: [{ ms: 5, text: "data: one\n\n" }],
  receivedBytes: 11,
  totalMs: 90,
  error: null,
};

const runOf = (...attempts: WireAttempt[]): WireRun => ({
  summary: {
    inferenceId: "inf-1",
    providerId: "harbour",
    modelId: "tide",
    startedAt: 0,
    attempts: attempts.length,
    status: 200,
    live: false,
  },
  attempts,
});

const failure = (code: "NOT_FOUND" | "STORAGE_ERROR") =>
  new HostError({
    code,
    message: "It is not there.",
    retryable: false,
    retryAfterMs: null,
    issues: null,
    details: null,
  });

function show(body: ReactNode, wire: Partial<Conversations["client"]["wire"]>, preferences = {}) {
  const state = createStore({ preferences } as unknown as SettingsState);
  const update = vi.fn(async () => {});
  const settings = { ...state, update } as unknown as Settings;
  const toasts = createToastStore();
  render(
    <SettingsContext value={settings}>
      <ConversationsContext value={{ client: { wire } } as unknown as Conversations}>
        <ToastsContext value={toasts}>{body}</ToastsContext>
      </ConversationsContext>
    </SettingsContext>,
  );
  return { update, toasts };
}

const panel = <WirePanel runs={["inf-1"]} />;

it("shows every attempt of an answer, the last one first, and moves by the arrow keys", async () => {
  const refused = { ...ATTEMPT, status: 429, chunks: [], error: "Slow down" };
  show(panel, { get: async () => runOf(refused, ATTEMPT) });
  const [first, second] = await screen.findAllByRole("tab");
  expect(second?.getAttribute("aria-selected")).toBe("true");
  expect(screen.getByRole("region", { name: "Response" }).textContent).toContain("Status 200");
  second?.focus();
  fireEvent.keyDown(document.activeElement as Element, { key: "ArrowLeft" });
  expect(document.activeElement).toBe(first);
  const response = screen.getByRole("region", { name: "Response" });
  expect(response.textContent).toContain("Status 429");
  expect(within(response).getByRole("alert").textContent).toBe("Slow down");
});

it("shows the attempts of all runs of a continued answer in their order", async () => {
  const user = userEvent.setup();
  const runs: Record<string, WireRun> = {
    "inf-1": runOf({ ...ATTEMPT, status: 201 }),
    "inf-3": runOf({ ...ATTEMPT, status: 429 }, { ...ATTEMPT, status: 203 }),
  };
  let release = () => {};
  const later = new Promise<void>((resolve) => {
    release = resolve;
  });
  const get = async (id: string) => {
    const run = runs[id];
    if (id === "inf-1") await later;
    if (id === "inf-3") release();
    if (run === undefined) throw failure("NOT_FOUND");
    return run;
  };
  show(<WirePanel runs={["inf-1", "inf-2", "inf-3"]} />, { get });
  const tabs = await screen.findAllByRole("tab");
  expect(tabs.map((tab) => tab.textContent)).toEqual([
    "Attempt 1201",
    "Attempt 2429",
    "Attempt 3203",
  ]);
  expect(tabs[2]?.getAttribute("aria-selected")).toBe("true");
  expect(screen.getByText(/of 2 of its 3 runs are kept/)).toBeTruthy();
  await user.click(tabs[0] as Element);
  expect(screen.getByRole("region", { name: "Response" }).textContent).toContain("Status 201");
});

it("shows both runs of an answer that was continued, also when it is read again", async () => {
  const { conversations, person } = await shownApp();
  const { conversation } = conversations.shown.get();
  conversation.draft.set("tides");
  conversation.send();
  await turn(1_000);
  conversation.continueAnswer(conversation.get().messages.at(-1) ?? "");
  await turn(1_000);
  async function attempts(): Promise<number> {
    await person.click(screen.getByRole("button", { name: "More about this answer" }));
    await turn(100);
    await person.click(screen.getByRole("menuitem", { name: "Show wire" }));
    await turn(200);
    return within(screen.getByRole("tablist", { name: "Attempts" })).getAllByRole("tab").length;
  }
  expect(await attempts()).toBe(2);
  conversation.refresh();
  await turn(100);
  expect(await attempts()).toBe(2);
  vi.useRealTimers();
});

it("shows every header of a name that is there twice", async () => {
  const headers = ["a", "b"].map((value) => ({ name: "set-cookie", value }));
  show(panel, { get: async () => runOf({ ...ATTEMPT, headers }) });
  expect((await screen.findAllByText("set-cookie")).length).toBe(2);
});

it("lays out the body, shows it raw on request, and has no key", async () => {
  const user = userEvent.setup();
  show(panel, { get: async () => runOf(ATTEMPT) });
  const body = await screen.findByRole("group", { name: "Body" });
  expect(body.textContent).toBe('{\n  "model": "tide",\n  "messages": []\n}');
  await user.click(screen.getByRole("checkbox", { name: "Raw" }));
  expect(body.textContent).toBe(REQUEST.body);
  expect(screen.getByText("Bearer [key]")).toBeTruthy();
});

it("shows a stream of ten thousand pieces a few hundred at a time", async () => {
  const user = userEvent.setup();
  const chunks = Array.from({ length: 10_000 }, (_, ms) => ({ ms, text: "x" }));
  show(panel, { get: async () => runOf({ ...ATTEMPT, chunks, receivedBytes: 10_000 }) });
  const stream = await screen.findByRole("list", { name: "Stream (10000)" });
  expect(stream.children.length).toBe(200);
  await user.click(screen.getByRole("button", { name: "Show more" }));
  expect(stream.children.length).toBe(400);
});

it("shows the beginning of a long body, and copies all of it", async () => {
  const user = userEvent.setup();
  const body = `{"text": "${"a".repeat(300_000)}"`;
  show(panel, { get: async () => runOf({ ...ATTEMPT, request: { ...REQUEST, body } }) });
  const shown = await screen.findByRole("group", { name: "Body" });
  expect(shown.textContent?.length).toBe(100_000);
  await user.click(within(shown.parentElement as HTMLElement).getByText("Copy"));
  expect(await navigator.clipboard.readText()).toBe(body);
});

it("copies the request as a program", async () => {
  const user = userEvent.setup();
  const code = vi.fn(async () => "curl …");
  show(panel, { get: async () => runOf(ATTEMPT), code });
  await user.click(await screen.findByRole("button", { name: "Copy as curl" }));
  await screen.findByText(/Copied/);
  expect(code).toHaveBeenCalledWith({ request: REQUEST, language: "curl" });
  expect(await navigator.clipboard.readText()).toBe("curl …");
});

it("says that a body was too long to keep, and offers no copy of it", async () => {
  show(panel, { get: async () => runOf({ ...ATTEMPT, request: { ...REQUEST, body: null } }) });
  await screen.findByText("The body of 30 bytes was too long to keep.");
  const copy = screen.getByRole("button", { name: "Copy as curl" });
  expect(copy.getAttribute("aria-disabled")).toBe("true");
});

it("says why nothing is kept, with the switch", async () => {
  const user = userEvent.setup();
  const get = async () => Promise.reject(failure("NOT_FOUND"));
  const { update } = show(panel, { get }, { recordRequests: false } as Partial<Preferences>);
  await screen.findByText("Keeping requests is switched off.");
  await user.click(screen.getByRole("switch", { name: /^Keep requests and responses/ }));
  expect(update).toHaveBeenCalledWith({ recordRequests: true });
});

it("tries again after an error", async () => {
  const user = userEvent.setup();
  const get = vi.fn(async () => runOf(ATTEMPT)).mockRejectedValueOnce(failure("STORAGE_ERROR"));
  show(panel, { get });
  await user.click(await screen.findByRole("button", { name: "Try again" }));
  await screen.findByRole("region", { name: "Request" });
});

const MENU = (
  <Menu label="More about this answer" icon="…">
    <AnswerItems inferenceId="inf-1" earlier={[]} />
  </Menu>
);

it("downloads a recording, or has the host write it, and says why that fails", async () => {
  const user = userEvent.setup();
  const record = vi
    .fn(async () => "/data/exports/inf-1.jsonl")
    .mockRejectedValueOnce(failure("NOT_FOUND"));
  const { toasts } = show(MENU, { record });
  const save = async () => {
    await user.click(screen.getByRole("button", { name: "More about this answer" }));
    await user.click(screen.getByRole("menuitem", { name: "Save recording" }));
  };
  const toastTexts = () => toasts.get().map(({ text }) => text);
  await save();
  await waitFor(() => expect(toastTexts().at(-1)).toContain("Couldn't do that."));
  await save();
  await waitFor(() => expect(toastTexts().at(-1)).toBe("Saved to /data/exports/inf-1.jsonl"));
});

it("downloads a recording in a browser", async () => {
  const user = userEvent.setup();
  const file = { name: "inf-1.jsonl", mediaType: "application/jsonl", text: "{}\n" };
  const recording = vi.fn(async () => file);
  const createObjectUrl = vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:x");
  show(<IsBrowserContext value={true}>{MENU}</IsBrowserContext>, { recording });
  await user.click(screen.getByRole("button", { name: "More about this answer" }));
  await user.click(screen.getByRole("menuitem", { name: "Save recording" }));
  await waitFor(() => expect(createObjectUrl).toHaveBeenCalled());
  expect(recording).toHaveBeenCalledWith("inf-1");
});

const CLOUD = { providerId: "cloud", modelId: "large" };
const PREVIEW: Preview = {
  request: REQUEST,
  estimate: {
    inputTokens: 40,
    exact: true,
    inputCost: 0.5,
    mostCost: 2,
    leftOut: 3,
  } as Preview["estimate"],
  notices: [],
};

it("shows what the draft would send, and asks again when it changes", async () => {
  const { bridge, llm } = await fakePage();
  const { client, router, topics } = bridge;
  const preview = vi.fn(async () => PREVIEW);
  const wire = { ...client.wire, preview };
  const host = { client: { ...client, wire }, llm, router, topics };
  const conversations = createConversations({ host, defaults: followDefaults(bridge) });
  conversations.begin();
  const { conversation } = conversations.shown.get();
  render(
    <ConversationsContext value={conversations}>
      <RequestPreview />
    </ConversationsContext>,
  );
  expect(screen.getByText("Write a message to see its request.")).toBeTruthy();
  conversation.options.first.set({ instructions: "Be brief.", budget: null, folder: null });
  act(() => conversation.draft.set("how deep?"));
  await turn(500);
  expect(screen.getByText(/40 tokens to read/).textContent).toContain("3 oldest messages");
  expect(screen.getByText(REQUEST.url, { exact: false })).toBeTruthy();
  expect(preview).toHaveBeenLastCalledWith(
    expect.objectContaining({
      conversationId: null,
      content: "how deep?",
      systemPrompt: "Be brief.",
    }),
  );
  act(() => conversation.options.choose({ temperature: 0.1 }));
  await turn(500);
  expect(preview).toHaveBeenLastCalledWith(expect.objectContaining({ temperature: 0.1 }));
  act(() => conversation.options.once.set("high"));
  await turn(500);
  expect(preview).toHaveBeenLastCalledWith(expect.objectContaining({ effort: "high" }));
  act(() => bridge.topics.take({ channel: "topic", name: "defaults", key: "", value: CLOUD }));
  await turn(500);
  expect(preview).toHaveBeenLastCalledWith(expect.objectContaining(CLOUD));
  preview.mockRejectedValueOnce(failure("STORAGE_ERROR"));
  act(() => conversation.draft.set("how wide?"));
  await turn(500);
  expect(screen.getByRole("alert").textContent).not.toBe("");
  expect(preview).toHaveBeenCalledTimes(5);
});

it.each(Object.keys(expectations()))("plays %s to the state that its events make", (name) => {
  vi.useFakeTimers();
  const events = stream(name);
  const player = createPlayer(events);
  const whole = reduce(beginRun(events[0]?.inferenceId ?? ""), events);
  player.play();
  vi.advanceTimersByTime((events.at(-1)?.ms ?? 0) + 100);
  expect(player.get()).toMatchObject({ place: events.length, isPlaying: false });
  expect(player.get().run).toEqual(whole);
  // Step by step, to the start and back again.
  for (let place = events.length - 1; place >= 0; place -= 1) player.go(place);
  expect(player.get().run).toEqual(beginRun(events[0]?.inferenceId ?? ""));
  for (let place = 1; place <= events.length; place += 1) player.go(place);
  expect(player.get().run).toEqual(whole);
});

it("keeps the pace of the recording, ten times as fast if wanted, and pauses", () => {
  vi.useFakeTimers();
  const stamp = { inferenceId: "inf-1", channel: "llm:token" as const, index: 0, count: 1 };
  const events = [0, 1_000, 2_000, 4_000].map((ms, seq): AnyEvent => {
    return { ...stamp, seq, ms, token: `${seq}` } as AnyEvent;
  });
  const player = createPlayer(events);
  player.play();
  vi.advanceTimersByTime(1_100);
  expect(player.get().run.response).toBe("01");
  player.pause();
  vi.advanceTimersByTime(60_000);
  expect(player.get().run.response).toBe("01");
  player.setSpeed(10);
  player.play();
  vi.advanceTimersByTime(150);
  expect(player.get().run.response).toBe("012");
  vi.advanceTimersByTime(200);
  expect(player.get()).toMatchObject({ place: 4, isPlaying: false, ms: 4_000 });
});

it("has nothing in a recording that acts: no decision, no form, no file, no link", async () => {
  const openLink = vi.fn(async () => true);
  vi.stubGlobal("shell", { openLink });
  const [end, ...before] = [...stream("calls")].reverse();
  const stamp = { inferenceId: "inf-calls", ms: 380 };
  const file = { type: "attachment", kind: "image", name: "a.png", mediaType: "image/png" };
  const form = { id: "e", server: "evil", message: "your key?", fields: [] };
  const more = [
    { ...stamp, channel: "llm:elicitation", callId: "call-10", elicitation: form },
    {
      ...stamp,
      channel: "llm:result",
      callId: "call-10",
      state: "done",
      text: "a.png",
      bytes: 5,
      shownBytes: 5,
      parts: [{ ...file, size: 4, hash: "0".repeat(64) }],
    },
    {
      ...stamp,
      channel: "llm:token",
      token: "```js\n1\n```\n[press](https://evil.test)",
      index: 0,
      count: 1,
    },
  ];
  const events = [...before.reverse(), ...more, end].map((event, seq) => ({ ...event, seq }));
  const recording = { header: null, events: events as unknown as AnyEvent[] };
  const attachment = vi.fn();
  show(<RecordingView recording={recording} />, { attachment } as never);
  fireEvent.change(screen.getByRole("slider"), { target: { value: `${events.length}` } });
  await vi.dynamicImportSettled();
  expect(await screen.findAllByRole("group", { name: /^Approve/ })).toHaveLength(2);
  for (const name of [/Allow/, /Deny/, /Decline/, /Send/, /Save/]) {
    expect(screen.queryByRole("button", { name })).toBeNull();
  }
  expect(screen.queryByText("your key?")).toBeNull();
  expect(screen.queryByRole("img")).toBeNull();
  expect(screen.getByText("Its images and files are not part of the recording.")).toBeTruthy();
  const link = await screen.findByRole("link", { name: "press" });
  fireEvent.click(link);
  const middle = new MouseEvent("auxclick", { bubbles: true, cancelable: true, button: 1 });
  expect(fireEvent(link, middle)).toBe(false);
  expect(openLink).not.toHaveBeenCalled();
});
