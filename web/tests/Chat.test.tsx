/** The chat as a person uses it, over the fake host. */
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/App";
import type { AnyEvent } from "../src/bridge/contract";
import { followDefaults } from "../src/bridge/defaultModel";
import type { FakeSettings } from "../src/bridge/fake/settings";
import type { Llm, Shell } from "../src/bridge/llmApi";
import { type Conversations, createConversations } from "../src/conversations/conversations";
import type { MessageState } from "../src/conversations/message";
import { strings } from "../src/i18n";
import { timeOf } from "../src/i18n/format";
import type { Store } from "../src/lib/store";
import { attachRun, type Run } from "../src/llm/run";
import { createSettings } from "../src/settings/settings";
import { type FakePage, fakePage, stream, turn, until } from "./support";

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
  sessionStorage.clear();
});

const WORDS = Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ");

interface ShownPage extends FakePage {
  readonly conversations: Conversations;
  readonly shell: { openWindow: ReturnType<typeof vi.fn> };
}

async function openPage(settings: Partial<FakeSettings> = {}): Promise<ShownPage> {
  const page = await fakePage({ rate: 100, ...settings });
  return show(page);
}

/** Build the page over a host, as `main` does; again, after what would be a reload. */
async function show(page: FakePage): Promise<ShownPage> {
  const conversations = conversationsOf(page);
  const shell = { openWindow: vi.fn(() => Promise.resolve(true)), openLink: vi.fn() };
  conversations.begin();
  const settings = createSettings(page.bridge, () => {});
  const { bridge } = page;
  const props = { bridge, shell: shell as Shell, conversations, settings, sharedRun: null };
  render(
    <StrictMode>
      <App {...props} />
    </StrictMode>,
  );
  await turn(100);
  return { ...page, conversations, shell };
}

/** The page of a window that only watches this run. */
async function showShared(page: FakePage, sharedRun: Run): Promise<void> {
  const shell = { openWindow: vi.fn(), openLink: vi.fn() };
  const { bridge } = page;
  const settings = createSettings(bridge, () => {});
  const props = { bridge, shell, conversations: conversationsOf(page), settings, sharedRun };
  render(<App {...props} />);
  await turn(100);
}

function conversationsOf({ bridge, llm }: FakePage): Conversations {
  return createConversations({
    host: { client: bridge.client, router: bridge.router, topics: bridge.topics, llm },
    defaults: followDefaults(bridge),
  });
}

const box = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message" });
const button = (name: string) => screen.getByRole<HTMLButtonElement>("button", { name });
const status = () => screen.getByRole("status").textContent;
const answers = () => texts(".message.assistant .message-text");
const questions = () => texts(".message.user .message-text");
const banner = () => document.querySelector(".error");

async function listConversations(bridge: FakePage["bridge"]) {
  const listed = bridge.client.conversations.list();
  await turn(40);
  return await listed;
}

function texts(selector: string): (string | null)[] {
  return [...document.querySelectorAll(selector)].map((element) => element.textContent);
}

function type(text: string): void {
  fireEvent.change(box(), { target: { value: text } });
}

function press(key: string, more: object = {}): boolean {
  return fireEvent.keyDown(document.activeElement ?? document.body, { key, ...more });
}

async function send(text: string): Promise<void> {
  type(text);
  press("Enter");
  await turn(40);
}

describe("an empty chat", () => {
  // shows: B63, D79, D87
  it("shows the model, and offers suggestions", async () => {
    const { transport } = await openPage();
    expect(screen.getByText(/very small model that runs on this computer/)).toBeTruthy();
    expect(document.activeElement).toBe(box());
    expect(box().placeholder).toBe("Type your message...");
    expect(button("Send").disabled).toBe(true);
    const first = strings.localSuggestions[0].prompt;
    fireEvent.click(screen.getByRole("button", { name: new RegExp(first) }));
    await turn(2_000);
    expect(questions()).toEqual([first]);
    expect(answers()).toEqual([first]);
    expect(document.activeElement).toBe(box());
    expect(transport.host.runs.size).toBe(1);
  });

  // shows: B59, B63, D87
  it("keeps the names that tests and styles hold on to", async () => {
    await openPage();
    const container = document.querySelector(".chat-container");
    expect(container?.querySelector(".messages")?.getAttribute("role")).toBe("log");
    expect(screen.getByRole("log").getAttribute("aria-live")).toBe("off");
  });
});

describe("a question and its answer", () => {
  // shows: B59, B60, B61, D80, D82
  it("streams in, and is shown once, in the same place", async () => {
    await openPage();
    await send(WORDS);
    expect(box().value).toBe("");
    expect(questions()).toEqual([WORDS]);
    await turn(200);
    const node = document.querySelector(".message.assistant .message-text");
    expect(node?.textContent).toMatch(/^word0 word1/);
    expect(button("Stop")).toBeTruthy();
    await turn(1_000);
    expect(answers()).toEqual([WORDS]);
    expect(document.querySelector(".message.assistant .message-text")).toBe(node);
    expect(button("Send")).toBeTruthy();
    expect(screen.getByText(/tokens\/s/)).toBeTruthy();
  });

  // shows: D87
  it("is announced when it begins and ends, and not in between", async () => {
    await openPage();
    const announcements: (string | null)[] = [];
    const observer = new MutationObserver(() => announcements.push(status()));
    observer.observe(screen.getByRole("status"), {
      childList: true,
      characterData: true,
      subtree: true,
    });
    await send(WORDS);
    await turn(2_000);
    await act(async () => {});
    expect([...new Set(announcements)]).toEqual([
      strings.runStatus.answering,
      strings.runStatus.finished,
    ]);
    expect(announcements.length).toBeLessThanOrEqual(2);
    observer.disconnect();
  });

  it("is not announced again when its conversation is reopened", async () => {
    await openPage();
    await send("first");
    await turn(500);
    expect(status()).toBe(strings.runStatus.finished);
    fireEvent.click(button("New chat"));
    await turn(40);
    fireEvent.click(screen.getByRole("button", { name: "first" }));
    await turn(100);
    expect(status()).toBe("");
    await send(WORDS);
    expect(status()).toBe(strings.runStatus.answering);
  });

  it("is kept by the host, with what was said before it", async () => {
    const { transport, bridge } = await openPage();
    await send("first");
    await turn(500);
    await send("second");
    await turn(500);
    expect(answers()).toEqual(["first", "second"]);
    const listed = bridge.client.conversations.list();
    await turn(50);
    expect(await listed).toMatchObject([{ title: "first", messageCount: 4, inferenceId: null }]);
    const ends = [...transport.host.runs.values()].map((run) => run.events.at(-1));
    const inputs = ends.map((end) => (end?.channel === "llm:done" ? end.usage.inputTokens : 0));
    expect(inputs[1]).toBeGreaterThan(inputs[0] ?? 0);
  });

  // shows: D76
  it("says which model wrote it and when, also another version", async () => {
    const { conversations } = await openPage();
    vi.setSystemTime(new Date(2026, 6, 9, 14, 5));
    const { conversation } = conversations.shown.get();
    const choose = (modelId: string) =>
      act(() => conversation.choose({ providerId: "local", modelId }));
    const answer = () => document.querySelector(".message.assistant")?.textContent ?? "";
    choose("tide-4");
    await send("one");
    await turn(2_000);
    expect(answer()).toContain("tide-4");
    expect(answer()).toContain(timeOf(Date.now()));
    choose("tide-5");
    fireEvent.click(screen.getAllByRole("button", { name: strings.regenerate }).at(-1) as Element);
    await turn(2_000);
    expect(answer()).toContain("tide-5");
    vi.setSystemTime(new Date(2026, 6, 11, 14, 5));
    expect(timeOf(new Date(2026, 6, 9, 14, 5).getTime())).toContain("2026");
  });

  it("shows reasoning folded, with its time", async () => {
    await openPage();
    await send("/reasoning one two three four five six\nSeven.");
    await turn(1_000);
    const details = document.querySelector("details");
    expect(details?.open).toBe(false);
    expect(details?.querySelector("summary")?.textContent).toMatch(/^Thought for 0\.\d s$/);
    expect(within(details as HTMLElement).getByText(/one two three/)).toBeTruthy();
    expect(answers()).toContain("Seven.");
  });

  it("shows the progress while there is no text", async () => {
    await openPage();
    await send("/fail 1 OVERLOADED 300\n/progress Loading the model\n/delay 300\nDone.");
    await turn(40);
    expect(screen.getByText(/busy.*Retrying in 0\.3 s \(attempt 2\)/)).toBeTruthy();
    await turn(320);
    expect(screen.getByText("Loading the model")).toBeTruthy();
    await turn(500);
    expect(answers()).toEqual(["Done."]);
    expect(screen.queryByText("Loading the model")).toBeNull();
  });

  // shows: D83
  it("shows notices, a cut, and an empty reply", async () => {
    await openPage();
    await send("/notice trimmed The oldest messages were left out.\nFine.\n/length");
    await turn(500);
    expect(screen.getByText("The oldest messages were left out.")).toBeTruthy();
    expect(screen.getByText(strings.finish.length)).toBeTruthy();
    await send("/length");
    await turn(500);
    expect(screen.getByText(/length limit before any text/)).toBeTruthy();
    // Once, and not below it as well.
    expect(screen.getAllByText(strings.finish.length)).toHaveLength(1);
  });
});

describe("writing", () => {
  // shows: D86
  it("Shift+Enter, Enter in a composition, and WebKit's Enter after one do not send", async () => {
    const { transport } = await openPage();
    type("half a word");
    press("Enter", { shiftKey: true });
    press("Enter", { isComposing: true });
    press("Enter", { keyCode: 229 });
    await turn(100);
    expect(transport.host.runs.size).toBe(0);
    expect(box().value).toBe("half a word");
    press("Enter");
    await turn(100);
    expect(transport.host.runs.size).toBe(1);
  });

  // shows: B60, B63
  it("nothing, or only blanks, is not sent", async () => {
    const { transport } = await openPage();
    press("Enter");
    type("  \n ");
    press("Enter");
    expect(button("Send").disabled).toBe(true);
    await turn(100);
    expect(transport.host.runs.size).toBe(0);
  });

  // shows: B60, D85
  it("goes on while an answer comes in; Enter queues the question, which can be taken back", async () => {
    const { transport } = await openPage();
    await send(WORDS);
    await turn(100);
    expect(box().disabled).toBe(false);
    type("the next question");
    press("Enter");
    await turn(40);
    expect(box().value).toBe("");
    expect(screen.getByText(strings.queued("the next question"))).toBeTruthy();
    expect(transport.host.runs.size).toBe(1);
    fireEvent.click(button(strings.cancel));
    expect(box().value).toBe("the next question");
    expect(document.activeElement).toBe(box());
    press("Enter");
    await turn(1_000);
    expect(questions()).toEqual([WORDS, "the next question"]);
  });
});

describe("the box", () => {
  it("leaves the focus to the search while the last conversation opens", async () => {
    const page = await openPage();
    await send("first");
    await turn(500);
    document.body.replaceChildren();
    sessionStorage.clear();
    const { conversations } = await show(page);
    const search = screen.getByRole("searchbox");
    search.focus();
    act(() => void conversations.show([...conversations.list.get().items][0]?.id ?? ""));
    await turn(100);
    expect(questions()).toEqual(["first"]);
    expect(document.activeElement).toBe(search);
  });

  it("changes the last question with the up arrow, and no earlier one while that is open", async () => {
    await openPage();
    await send("first");
    await turn(300);
    await send("second");
    await turn(300);
    const editors = () => screen.queryAllByRole("textbox", { name: "Edit your question" });
    act(() => box().focus());
    press("ArrowUp");
    expect(editors().map((editor) => (editor as HTMLTextAreaElement).value)).toEqual(["second"]);
    act(() => box().focus());
    press("ArrowUp");
    expect(editors()).toHaveLength(1);
    expect(document.activeElement).toBe(editors()[0]);
  });

  it("has the focus and the models for the keys of the page", async () => {
    await openPage();
    const models = { code: "KeyM", key: "m", ctrlKey: true, shiftKey: true };
    fireEvent.keyDown(document.body, models);
    await turn(100);
    expect(screen.getByRole("dialog")).toBeTruthy();
  });
});

describe("stopping", () => {
  // shows: B63, D78, D80, D81
  it("keeps the partial text, shows that it was stopped, and gives the focus back", async () => {
    await openPage();
    await send(WORDS);
    await turn(150);
    fireEvent.click(button("Stop"));
    expect(screen.getByText(strings.stopping)).toBeTruthy();
    expect(status()).toBe(strings.runStatus.stopping);
    await turn(100);
    expect(answers()[0]).toMatch(/^word0 word1/);
    expect(screen.getByText(strings.stopped)).toBeTruthy();
    expect(status()).toBe(strings.runStatus.stopped);
    expect(document.activeElement).toBe(box());
    expect(banner()).toBeNull();
  });

  it("is asked for shorter by a question of its own, and again by the button beside the menu", async () => {
    await openPage();
    await send("one");
    await turn(200);
    fireEvent.click(button(strings.again.label));
    fireEvent.click(screen.getByRole("menuitem", { name: strings.again.shorter }));
    await turn(500);
    expect(questions()).toEqual(["one", strings.again.shorterPrompt]);
    fireEvent.click(screen.getAllByRole("button", { name: strings.regenerate }).at(-1) as Element);
    await turn(500);
    expect(questions()).toHaveLength(2);
    expect(screen.getByRole("group", { name: strings.version(2, 2) })).toBeTruthy();
  });

  it("offers to continue where it was cut off at the length limit", async () => {
    await openPage();
    await send("one two\n/length");
    await turn(300);
    fireEvent.click(button(strings.continueAnswer));
    await turn(300);
    expect(answers()).toEqual(["one twoone two"]);
  });

  it("moves the line above the box: in while an answer comes, out when it is stopped", async () => {
    const flow = () => document.querySelector("[data-flow]")?.getAttribute("data-flow");
    await openPage();
    expect(flow()).toBeUndefined();
    await send(WORDS);
    await turn(150);
    expect(flow()).toBe("in");
    fireEvent.click(button("Stop"));
    await turn(100);
    expect(flow()).toBe("out");
    await send("one");
    await turn(200);
    expect(flow()).toBeUndefined();
  });

  it("is what Escape does, wherever the focus is, but neither in a composition nor still held", async () => {
    const { transport } = await openPage();
    await send(WORDS);
    await turn(100);
    fireEvent.keyDown(box(), { key: "Escape", isComposing: true });
    fireEvent.keyDown(box(), { key: "Escape", repeat: true });
    await turn(60);
    expect([...transport.host.runs.values()][0]?.live).toBe(true);
    fireEvent.keyDown(document.body, { key: "Escape" });
    await turn(60);
    expect([...transport.host.runs.values()][0]?.live).toBe(false);
  });

  it("while the model is silent leaves a word about it", async () => {
    await openPage();
    await send("/stall");
    await turn(200);
    fireEvent.click(button("Stop"));
    await turn(100);
    expect(screen.getByText("Stopped before any text arrived.")).toBeTruthy();
  });
});

describe("errors", () => {
  // shows: B62, D75, D81, D91
  it("keep the partial text, marked, and Retry answers again beside it", async () => {
    const { transport } = await openPage();
    await send("half an answer\n/error SERVER_ERROR");
    await turn(300);
    expect(banner()?.textContent).toContain("Error: The script asked for SERVER_ERROR.");
    expect(banner()?.getAttribute("data-code")).toBe("SERVER_ERROR");
    expect(answers()).toEqual(["half an answer"]);
    expect(screen.getByText(strings.interrupted)).toBeTruthy();
    expect(status()).toMatch(/^Error: /);
    fireEvent.click(button("Retry"));
    expect(banner()).toBeNull();
    await turn(300);
    expect(questions()).toHaveLength(1);
    expect(answers()).toEqual(["half an answer"]);
    expect(transport.host.runs.size).toBe(2);
    expect(screen.getByRole("group", { name: "Version 2 of 2" })).toBeTruthy();
  });

  it("without any text are replaced by the next try", async () => {
    await openPage();
    await send("/error RATE_LIMIT 12000");
    await turn(200);
    expect(banner()?.textContent).toContain("Wait 12 s");
    fireEvent.click(button("Retry"));
    await turn(200);
    expect(questions()).toHaveLength(1);
  });

  it("that no second try can mend offer none", async () => {
    await openPage();
    await send("/error CONTEXT_LENGTH");
    await turn(200);
    expect(banner()?.textContent).toContain("Ask in a new chat");
    expect(screen.queryByRole("button", { name: "Retry" })).toBeNull();
    // What helps is offered in its place: the question goes into a chat of its own.
    fireEvent.click(button("Ask in a new chat"));
    await turn(100);
    expect(questions()).toEqual([]);
    expect(box().value).toBe("/error CONTEXT_LENGTH");
  });

  it("of a key lead to that provider's key, to another model, and to the one on this computer", async () => {
    const { conversations } = await openPage();
    const { conversation } = conversations.shown.get();
    act(() => conversation.choose({ providerId: "cloud", modelId: "tide-4" }));
    await send("/error API_KEY_ERROR");
    await turn(500);
    expect(banner()?.textContent).toContain(strings.otherModel);

    fireEvent.click(button(strings.setKey));
    await until(() =>
      expect(document.activeElement).toBe(screen.getByLabelText(strings.keyFor("Cloud"))),
    );
    fireEvent.click(button(strings.close));
    await turn(100);

    fireEvent.click(button(strings.askLocal));
    await turn(500);
    expect(conversation.get().by?.providerId).toBe("local");
    expect(screen.queryByRole("button", { name: strings.askLocal })).toBeNull();
  });

  it("of the network lead to the model on this computer", async () => {
    const { conversations } = await openPage();
    const { conversation } = conversations.shown.get();
    act(() => conversation.choose({ providerId: "cloud", modelId: "tide-4" }));
    await send("/error NETWORK_ERROR");
    await turn(500);
    screen.getByText(/Check your internet connection or the model's server\./);
    fireEvent.click(button(strings.askLocal));
    await turn(500);
    expect(conversation.get().by?.providerId).toBe("local");
  });

  it("of a while ago count from the time at which the provider wants to be asked", async () => {
    const { conversations } = await openPage();
    await send("/error RATE_LIMIT 3600000");
    await turn(200);
    const row = conversations.shown.get().conversation.get().messages.at(-1) ?? "";
    const store = conversations.message(row);
    const failure = { code: "RATE_LIMIT" as const, message: "no", retryable: true };
    const at = (retryAt: number) => {
      const message = store?.get().message;
      const usual = { tools: [], notices: [], finishReason: null, usage: null, timing: null };
      const detail = { ...usual, reasoningMs: null, earlier: [], failure: { ...failure, retryAt } };
      const changed = message && { ...message, status: "failed" as const, detail };
      if (changed) act(() => (store as Store<MessageState>).set({ message: changed, run: null }));
    };
    at(Date.now() + 90_000);
    await turn(100);
    expect(banner()?.textContent).toContain("Wait 1 min 30 s");
    await turn(90_000);
    expect(banner()?.textContent).toContain("The wait is over");
    // Over before anybody looked: there is nothing to wait for.
    at(Date.now() - 1);
    await turn(100);
    expect(banner()?.textContent).not.toContain("wait");
    expect(button("Retry")).toBeTruthy();
  });

  // shows: D84
  it("a refused message is back in the box, before what was typed since", async () => {
    const { transport } = await openPage();
    const long = "x".repeat(100_001);
    type(long);
    press("Enter");
    type("typed since");
    await turn(200);
    expect(box().value).toBe(`${long}\ntyped since`);
    expect(questions()).toEqual([]);
    expect(banner()?.textContent).toContain("Message 0 exceeds maximum length (100000)");
    expect(transport.host.runs.size).toBe(0);
    fireEvent.click(button("Dismiss"));
    expect(banner()).toBeNull();
    type("short");
    press("Enter");
    await turn(300);
    expect(answers()).toEqual(["short"]);
  });

  it("a lost host is said, and when it is back the answer goes on", async () => {
    const { transport } = await openPage({ away: 300, memory: "runs" });
    await send(WORDS);
    await turn(100);
    act(() => transport.disconnect());
    expect(screen.getByText(strings.reconnecting)).toBeTruthy();
    await turn(1_500);
    expect(screen.queryByText(strings.reconnecting)).toBeNull();
    expect(answers()).toEqual([WORDS]);
  });

  it("a host that never answers is said after ten seconds", async () => {
    await openPage({ silent: true });
    await turn(10_200);
    expect(banner()?.getAttribute("data-code")).toBe("HOST_LOST");
    expect(banner()?.getAttribute("role")).toBe("alert");
  });

  it("a deleted conversation keeps the unsent message", async () => {
    const { bridge } = await openPage();
    await send("first");
    await turn(500);
    const [item] = await listConversations(bridge);
    void bridge.client.conversations.delete(item?.id ?? "");
    await send("second");
    await turn(100);
    expect(box().value).toBe("second");
    expect(questions()).toEqual(["first"]);
    expect(banner()?.getAttribute("data-code")).toBe("NOT_FOUND");
  });
});

describe("a reload", () => {
  /** The page goes, the host stays, and what the tab remembers. */
  async function reloaded(page: ShownPage): Promise<ShownPage> {
    document.body.replaceChildren();
    act(() => void window.dispatchEvent(new Event("pagehide")));
    return show({ transport: page.transport, bridge: page.bridge, llm: page.llm });
  }

  // shows: D63
  it("in mid-answer finds everything, and ends with the text of the log", async () => {
    const page = await openPage();
    await send("first");
    await turn(500);
    await send(WORDS);
    await turn(150);
    await reloaded(page);
    expect(questions()).toEqual(["first", WORDS]);
    expect(answers()[0]).toBe("first");
    expect(answers()[1]).toMatch(/^word0 word1/);
    expect(button("Stop")).toBeTruthy();
    await turn(1_500);
    const run = [...page.transport.host.runs.values()].at(-1);
    expect(answers()).toEqual(["first", run?.text]);
  });

  // shows: D63, D80
  it("after an answer shows it once, though history and log both have it", async () => {
    const page = await openPage();
    await send("same");
    await turn(300);
    await send("same");
    await turn(300);
    await reloaded(page);
    expect(questions()).toEqual(["same", "same"]);
    expect(answers()).toEqual(["same", "same"]);
  });

  it("after an error shows the part and the way to try again", async () => {
    const page = await openPage();
    await send("half\n/error OVERLOADED");
    await turn(300);
    await reloaded(page);
    expect(answers()).toEqual(["half"]);
    expect(button("Retry")).toBeTruthy();
  });

  it("to a host that was started anew shows what is kept", async () => {
    const page = await openPage();
    await send("first");
    await turn(300);
    page.transport.host.forget();
    await reloaded(page);
    expect(questions()).toEqual(["first"]);
    await send("second");
    await turn(300);
    expect(answers()).toEqual(["first", "second"]);
  });

  it("keeps what was typed, for every conversation by itself", async () => {
    const page = await openPage();
    await send("first");
    await turn(300);
    type("about the first");
    fireEvent.click(button("New chat"));
    await turn(20);
    expect(box().value).toBe("");
    type("about something new");
    await reloaded(page);
    fireEvent.click(button("first"));
    await turn(100);
    expect(box().value).toBe("about the first");
    fireEvent.click(button("New chat"));
    expect(box().value).toBe("about something new");
  });

  it("with a damaged memory begins anew", async () => {
    sessionStorage.setItem("tidewire.chat", '{"sessionId":4}');
    sessionStorage.setItem("tidewire.drafts", "[");
    await openPage();
    await send("first");
    await turn(300);
    expect(answers()).toEqual(["first"]);
  });
});

describe("a new chat", () => {
  it("leaves the old one where it is, and its answer goes on", async () => {
    const { transport } = await openPage();
    await send(WORDS);
    await turn(100);
    fireEvent.click(button("New chat"));
    await turn(100);
    expect(questions()).toEqual([]);
    expect([...transport.host.runs.values()][0]?.live).toBe(true);
    expect(document.activeElement).toBe(box());
    await send("again");
    await turn(1_500);
    expect(answers()).toEqual(["again"]);
    fireEvent.click(screen.getByRole("button", { name: /^word0/ }));
    await turn(100);
    expect(answers()).toEqual([WORDS]);
  });

  it("that was never begun is not kept", async () => {
    const { bridge } = await openPage();
    fireEvent.click(button("New chat"));
    type("x".repeat(100_001));
    press("Enter");
    await turn(300);
    expect(await listConversations(bridge)).toEqual([]);
    expect(box().value).toHaveLength(100_001);
  });
});

describe("the find bar", () => {
  it("does not come back with its conversation", async () => {
    // Of the element `search`, which happy-dom does not know.
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { conversations } = await openPage();
    await send("one");
    await turn(300);
    const { id } = conversations.shown.get().conversation.get();
    const findBar = () => screen.queryByRole("textbox", { name: strings.actions.find });
    fireEvent.keyDown(document.body, { key: "f", code: "KeyF", ctrlKey: true });
    await turn(40);
    expect(findBar()).not.toBeNull();
    await act(async () => conversations.showNew());
    await act(async () => void conversations.show(id ?? ""));
    await turn(100);
    expect(findBar()).toBeNull();
  });
});

describe("windows", () => {
  it("Ctrl+Shift+N opens another", async () => {
    const { shell } = await openPage();
    fireEvent.keyDown(document.body, { code: "KeyN", ctrlKey: true, shiftKey: true });
    fireEvent.keyDown(document.body, { code: "KeyN", ctrlKey: true });
    expect(shell.openWindow).toHaveBeenCalledTimes(1);
  });

  it("the menu opens another", async () => {
    const { shell } = await openPage();
    fireEvent.click(button("Menu"));
    fireEvent.click(screen.getByRole("menuitem", { name: "New window" }));
    expect(shell.openWindow).toHaveBeenCalledTimes(1);
  });

  it("an answer of another window is shown as it is written there", async () => {
    const page = await fakePage({ rate: 100 });
    const inferenceId = "inf-shared";
    const messages = [{ role: "user" as const, content: WORDS }];
    void page.llm.llmInference({ messages, providerId: "echo", share: true, inferenceId });
    await turn(150);
    await showShared(page, attachRun(page.llm, inferenceId));
    expect(answers()[0]).toMatch(/^word0 word1/);
    expect(screen.queryByRole("textbox")).toBeNull();
    await turn(1_000);
    expect(answers()).toEqual([WORDS]);
  });

  it("an answer of another window has the actions of its code, but no files and no forms", async () => {
    const page = await fakePage();
    const [end, ...before] = stream("calls").reverse();
    const stamp = { inferenceId: "inf-calls", ms: 380 };
    const file = { type: "attachment", kind: "image", name: "a", size: 4, hash: "0".repeat(64) };
    const parts = ["image/png", "audio/wav"].map((mediaType) => ({ ...file, mediaType }));
    const form = { id: "e", server: "files", message: "your key?", fields: [] };
    const result = { state: "done", text: "two files", bytes: 9, shownBytes: 9, parts };
    const more = [
      { ...stamp, channel: "llm:elicitation", callId: "call-10", elicitation: form },
      { ...stamp, channel: "llm:result", callId: "call-10", ...result },
      {
        ...stamp,
        channel: "llm:token",
        token: `\`\`\`js${"\n1".repeat(99)}\n\`\`\`\n`,
        index: 0,
        count: 1,
      },
    ];
    const all = [...before.reverse(), ...more, end].map((event, seq) => ({ ...event, seq }));
    const events = all as unknown as AnyEvent[];
    const llm = { ...page.llm, llmAttach: async () => ({ events }) } as unknown as Llm;
    await showShared(page, attachRun(llm, "inf-calls"));
    expect(await screen.findByText("two files")).toBeTruthy();
    expect(await screen.findByRole("button", { name: "Fold" })).toBeTruthy();
    expect(screen.queryByText("your key?")).toBeNull();
    expect(screen.queryByLabelText("Sound in the result")).toBeNull();
    for (const name of [/Send/, /Decline/, /Save/]) {
      expect(screen.queryByRole("button", { name })).toBeNull();
    }
  });

  it("one that is not shared is said to be gone", async () => {
    const page = await fakePage();
    await showShared(page, attachRun(page.llm, "inf-none"));
    expect(banner()?.textContent).toBe(strings.sharedGone);
  });
});

describe("a notice from before the page opened", () => {
  it("is shown until it is dismissed", async () => {
    const page = await fakePage();
    const text = "The file of conversations was damaged. It was restored from a backup.";
    await show(page);
    const problem = { code: "STORAGE_UNAVAILABLE" as const, message: "The disk is full" };
    const remarks = [{ code: "STORE_REPAIRED" as const, text, facts: {} }];
    const value = { version: 1, summaries: 0, problem, remarks };
    act(() => page.bridge.topics.take({ channel: "topic", name: "store", key: "", value }));
    expect(screen.getByText(/Changes can't be saved.*The disk is full/)).toBeTruthy();
    expect(screen.getByText(text)).toBeTruthy();
    fireEvent.click(button("Dismiss"));
    expect(screen.queryByText(text)).toBeNull();
  });
});
