/** The options of one chat: the request to its model, the defaults, and the reset. */
import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { BudgetState, Effort, ModelSummary, UsageRow } from "../src/bridge/contract";
import { hostLost, invalid } from "../src/bridge/hostError";
import { createAnswerChoice, NO_OPTIONS } from "../src/conversations/answerOptions";
import { createConversations } from "../src/conversations/conversations";
import { ConversationsContext } from "../src/conversations/useConversations";
import { ChatOptions } from "../src/features/models/ChatOptions";
import { EffortMenu } from "../src/features/models/EffortMenu";
import { Costs } from "../src/features/settings/Costs";
import { createStore } from "../src/lib/store";
import { createSettings } from "../src/settings/settings";
import { SettingsContext } from "../src/settings/useSettings";
import { createToastStore, ToastsContext } from "../src/ui/toasts/toastStore";
import { fakePage, turn } from "./support";

afterEach(() => vi.useRealTimers());

const BUDGET = { usd: 2, tokens: null };
const STATE: BudgetState = {
  scope: "conversation",
  budget: BUDGET,
  usd: 0.25,
  tokens: 900,
  unpricedTokens: 0,
};

const noop = () => {};

async function page(efforts: readonly Effort[] = []) {
  const { bridge, llm } = await fakePage();
  const { client, router, topics } = bridge;
  vi.spyOn(client.providers, "describe").mockResolvedValue({ efforts } as ModelSummary);
  const conversations = createConversations({
    host: { client, llm, router, topics },
    defaults: createStore({ providerId: "local", modelId: "m" }),
  });
  const settings = createSettings(bridge, () => {});
  const isLoaded = settings.load();
  await turn(50);
  await isLoaded;
  const show = (part: React.ReactNode) =>
    render(
      <ConversationsContext value={conversations}>
        <SettingsContext value={settings}>
          <ToastsContext value={createToastStore()}>{part}</ToastsContext>
        </SettingsContext>
      </ConversationsContext>,
    );
  return { client, conversations, settings, show };
}

/** Returns the host's answer, after advancing the clock of the test. */
async function answerTo<T>(call: Promise<T>): Promise<T> {
  await turn(100);
  return call;
}

async function open(): Promise<void> {
  fireEvent.click(screen.getByRole("button", { name: "Options of this chat" }));
  await turn(50);
}

function type(name: string, text: string): void {
  const field = screen.getByLabelText(name);
  fireEvent.change(field, { target: { value: text } });
  fireEvent.blur(field);
}

it("are kept for a chat that the host does not have yet, and go with its first question", async () => {
  const { client, conversations, show } = await page();
  const create = vi.spyOn(client.conversations, "create");
  const setBudget = vi.spyOn(client.conversations, "setBudget");
  const send = vi.spyOn(client.conversations, "send");
  const { conversation } = conversations.shown.get();
  const by = { providerId: "local", modelId: "m" };
  show(
    <ChatOptions
      by={by}
      choice={conversation.options}
      conversationId={null}
      onShowRequest={noop}
    />,
  );
  await open();
  type("Instructions", "Be brief.");
  type("Maximum answer length", "300");
  type("Budget (US dollars)", "2");
  await turn(50);
  expect(conversation.options.requestOptions()).toEqual({ maxTokens: 300 });
  conversation.send("hello");
  await turn(300);
  expect(create.mock.calls[0]?.[0]).toMatchObject({ systemPrompt: "Be brief." });
  expect(setBudget.mock.calls[0]?.[0]).toMatchObject({ budget: BUDGET });
  expect(send.mock.calls[0]?.[0]).toMatchObject({ maxTokens: 300 });
});

it("of a chat that is there are the host's, and go back to the defaults", async () => {
  const { client, show } = await page();
  const view = { systemPrompt: "Be kind." } as never;
  vi.spyOn(client.conversations, "get").mockResolvedValue(view);
  vi.spyOn(client.conversations, "budgets").mockResolvedValue([STATE]);
  const instruct = vi.spyOn(client.conversations, "instruct").mockResolvedValue({} as never);
  const setBudget = vi.spyOn(client.conversations, "setBudget").mockResolvedValue([STATE]);
  const choice = createAnswerChoice(null, () => "c1");
  choice.choose({ temperature: 0.2, effort: "high" });
  const by = { providerId: "local", modelId: "m" };
  choice.choose({ tools: ["send_mail"] });
  const tools = <p>the choice of tools</p>;
  show(
    <ChatOptions by={by} choice={choice} conversationId="c1" tools={tools} onShowRequest={noop} />,
  );
  await open();
  expect(screen.getByLabelText("Instructions")).toHaveProperty("value", "Be kind.");
  expect(screen.getByText("$0.25 spent")).toBeTruthy();
  expect(screen.getByText("the choice of tools")).toBeTruthy();
  expect(screen.getByLabelText("Budget (US dollars)")).toHaveProperty("value", "2");
  type("Instructions", "Be brief.");
  type("Budget (tokens)", "5000");
  await turn(50);
  expect(instruct).toHaveBeenLastCalledWith({ conversationId: "c1", systemPrompt: "Be brief." });
  const both = { usd: 2, tokens: 5_000 };
  expect(setBudget).toHaveBeenLastCalledWith({ conversationId: "c1", budget: both });
  type("Maximum answer length", "0");
  fireEvent.click(screen.getByRole("button", { name: "Use the defaults" }));
  await turn(50);
  expect(choice.requestOptions()).toEqual({});
  expect(screen.getByLabelText("Maximum answer length")).toHaveProperty("value", "");
  expect(screen.queryByRole("alert")).toBeNull();
  expect(instruct).toHaveBeenLastCalledWith({ conversationId: "c1", systemPrompt: null });
  expect(setBudget).toHaveBeenLastCalledWith({ conversationId: "c1", budget: null });
});

it("of a chat that is there stay as they were edited, also for its folder", async () => {
  const { conversations, show } = await page();
  conversations.begin();
  conversations.showNew(false, "Sea");
  const { conversation } = conversations.shown.get();
  conversation.send("hello");
  await turn(3_000);
  const by = { providerId: "local", modelId: "m" };
  const { id } = conversation.get();
  show(
    <ChatOptions by={by} choice={conversation.options} conversationId={id} onShowRequest={noop} />,
  );
  await open();
  type("Instructions", "Be brief.");
  await turn(100);
  expect(screen.getByLabelText("Instructions")).toHaveProperty("value", "Be brief.");
  fireEvent.click(screen.getByRole("button", { name: "Use for new chats in “Sea”" }));
  await turn(100);
  const stored = await answerTo(conversations.folders.of("Sea"));
  expect(stored).toMatchObject({ instructions: "Be brief." });
});

it("have an effort beside the box, for the chat or for the next answer alone", async () => {
  const { client, conversations, show } = await page(["low", "high"]);
  const send = vi.spyOn(client.conversations, "send");
  const { conversation } = conversations.shown.get();
  const choose = (name: string) => fireEvent.click(screen.getByLabelText(name));
  show(<EffortMenu by={{ providerId: "local", modelId: "m" }} choice={conversation.options} />);
  await turn(50);
  fireEvent.click(screen.getByRole("button", { name: "Effort: Up to the model" }));
  expect(screen.getAllByRole("radio", { hidden: true })).toHaveLength(3);
  choose("Low");
  await turn(50);
  choose("For the next answer only");
  choose("High");
  await turn(50);
  expect(screen.getByRole("button", { name: "Effort: High" })).toBeTruthy();
  for (const [at, effort] of (["high", "low"] as const).entries()) {
    conversation.send("hello");
    await turn(3_000);
    expect(send.mock.calls[at]?.[0]).toMatchObject({ effort });
  }
  expect(screen.getByRole("button", { name: "Effort: Low" })).toBeTruthy();
});

it("have no effort beside the box for a model that takes none", async () => {
  const { conversations, show } = await page();
  const { options } = conversations.shown.get().conversation;
  options.choose({ effort: "high" });
  show(<EffortMenu by={{ providerId: "local", modelId: "m" }} choice={options} />);
  await turn(50);
  expect(screen.queryByRole("button")).toBeNull();
});

it("keep the effort of one answer until the host has taken it", async () => {
  const { client, conversations } = await page();
  const send = vi.spyOn(client.conversations, "send");
  const { conversation } = conversations.shown.get();
  conversation.options.once.set("high");
  send.mockRejectedValueOnce(invalid("Not now"));
  conversation.send("hello");
  await turn(300);
  conversation.retry();
  await turn(300);
  expect(send.mock.calls.map(([{ effort }]) => effort)).toEqual(["high", "high"]);
  expect(conversation.options.once.get()).toBeNull();
});

it("shows what was spent by day with a chart, and saves it as a table", async () => {
  const { client, settings, show } = await page();
  const row = (key: string, usd: number): UsageRow => ({
    key,
    usd,
    calls: 3,
    inputTokens: 1_200,
    outputTokens: 34,
    unpricedTokens: key === "2026-11-28" ? 50 : 0,
  });
  const usage = vi.spyOn(client.conversations, "usage");
  usage.mockImplementation(async (by) =>
    by === "day"
      ? [row("2026-11-29", 0.5), row("2026-11-28", 0.25)]
      : [row("cloud/tide", 0.5), row("cloud/ebb", 0.25)],
  );
  const saveUsage = vi.spyOn(client.conversations, "saveUsage");
  saveUsage.mockResolvedValue("…/usage-by-day.csv");
  show(<Costs />);
  await turn(50);
  const cells = screen.getAllByRole("row").map((row) => row.textContent);
  expect(cells[1]).toContain("31,20034$0.50");
  expect(cells[2]).toContain("50 tokens without a known price");
  const chart = screen.getByRole("img", { name: /Cost for each day .* at most \$0\.50/ });
  const heights = [...chart.querySelectorAll("rect")].map((bar) => bar.getAttribute("height"));
  expect(heights.slice(-3)).toEqual(["0", "30", "60"]);
  fireEvent.change(screen.getByLabelText("By"), { target: { value: "model" } });
  await turn(50);
  expect(usage).toHaveBeenLastCalledWith("model");
  expect(screen.queryByRole("img")).toBeNull();
  expect(screen.getByRole("rowheader", { name: "cloud/ebb" })).toBeTruthy();
  // Days are days again, also before the host has answered.
  fireEvent.change(screen.getByLabelText("By"), { target: { value: "day" } });
  expect(screen.getByRole("img", { name: /^Cost for each day from Oct 31/ })).toBeTruthy();
  await turn(50);
  fireEvent.click(screen.getByRole("button", { name: "Export as CSV" }));
  await turn(50);
  expect(screen.getByText("Saved to …/usage-by-day.csv")).toBeTruthy();
  saveUsage.mockRejectedValueOnce(new Error("the disk is full"));
  fireEvent.click(screen.getByRole("button", { name: "Export as CSV" }));
  await turn(50);
  expect(screen.queryByText("Saved to …/usage-by-day.csv")).toBeNull();
  // A budget is saved with the others as they are.
  type("Each day (US dollars)", "1.5");
  await turn(100);
  type("Each month (tokens)", "90000");
  await turn(100);
  expect(settings.get().preferences?.budgets).toEqual({
    answer: null,
    conversation: null,
    day: { usd: 1.5, tokens: null },
    month: { usd: null, tokens: 90_000 },
  });
});

it("are kept for a folder, and new chats in it begin with them", async () => {
  const { client, conversations, show } = await page();
  const create = vi.spyOn(client.conversations, "create");
  conversations.showNew(false, "Sea");
  const { conversation } = conversations.shown.get();
  const by = { providerId: "local", modelId: "m" };
  const shown = show(
    <ChatOptions
      by={by}
      choice={conversation.options}
      conversationId={null}
      onShowRequest={noop}
    />,
  );
  await open();
  type("Instructions", "Speak of tides.");
  type("Maximum answer length", "300");
  await turn(50);
  fireEvent.click(screen.getByRole("button", { name: "Use for new chats in “Sea”" }));
  await turn(100);
  expect(screen.getByText("New chats in “Sea” begin with these options.")).toBeTruthy();
  shown.unmount();
  // A plain new chat has none of it.
  conversations.showNew();
  await turn(50);
  expect(conversations.shown.get().conversation.options.requestOptions()).toEqual({});
  await answerTo(conversations.folders.rename("Sea", "Ocean"));
  conversations.showNew(false, "Ocean");
  await turn(50);
  const { conversation: next } = conversations.shown.get();
  expect(next.options.requestOptions()).toEqual({ maxTokens: 300 });
  next.send("hello");
  await turn(300);
  const options = { folder: "Ocean", systemPrompt: "Speak of tides." };
  expect(create.mock.calls[0]?.[0]).toMatchObject(options);
  expect(await answerTo(conversations.folders.of("Sea"))).toBeNull();
});

it("of folders are kept when two windows save them, and none is lost with the host", async () => {
  const { bridge, llm } = await fakePage();
  const { client, router, topics } = bridge;
  const open = () => createConversations({ host: { client, llm, router, topics } });
  const windows = [open(), open()] as const;
  // Both have read the notes before the other's change.
  await answerTo(Promise.all(windows.map(({ notes }) => notes.recall())));
  const options = { ...NO_OPTIONS, instructions: "Be brief.", budget: null };
  await answerTo(windows[0].folders.save("Sea", options));
  await answerTo(windows[1].folders.save("Work", options));
  vi.spyOn(client.conversations, "recall").mockRejectedValueOnce(hostLost("Too late"));
  await expect(windows[0].folders.save("Home", options)).rejects.toThrow("Too late");
  for (const folder of ["Sea", "Work"]) {
    expect(await answerTo(windows[0].folders.of(folder))).toEqual(options);
  }
});
