/** Summaries of earlier messages: the fold, the question before one is written, and how that goes. */
import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import type { Compaction, CompactionState } from "../src/bridge/contract";
import { createConversations } from "../src/conversations/conversations";
import { ConversationsContext } from "../src/conversations/useConversations";
import { CompactDialog } from "../src/features/chat/CompactDialog";
import { CompactionBar } from "../src/features/chat/CompactionBar";
import { SummaryFold } from "../src/features/transcript/SummaryFold";
import { fakePage, turn } from "./support";

const COMPACTION: Compaction = {
  text: "They talked of the tide.",
  providerId: "p",
  modelId: "small",
  createdAt: 1_700_000_000_000,
  messages: 40,
  usage: {
    inputTokens: 5_000,
    outputTokens: 120,
    reasoningTokens: 0,
    cachedTokens: 0,
    estimated: false,
    cost: 0.02,
  },
  edited: false,
  undone: false,
};
const ESTIMATE = { messages: 40, calls: 2, inputTokens: 9_000, outputTokens: 1_000, cost: 0.03 };

async function createChat() {
  const { bridge, llm } = await fakePage();
  const { client, router, topics } = bridge;
  const conversations = createConversations({ host: { client, llm, router, topics } });
  const summaries = {
    compactionEstimate: vi.fn(async () => ESTIMATE),
    compact: vi.fn(async () => true),
    stopCompaction: vi.fn(async () => true),
    editSummary: vi.fn(async () => ({}) as never),
    useSummary: vi.fn(async () => ({}) as never),
  };
  const own = { ...client, conversations: { ...client.conversations, ...summaries } };
  return { value: { ...conversations, client: own }, summaries, conversations, topics, client };
}

async function fold(part: Partial<Compaction> = {}) {
  const { value, summaries } = await createChat();
  const onChange = vi.fn();
  const { unmount } = render(
    <ConversationsContext value={value}>
      <SummaryFold messageId="m9" compaction={{ ...COMPACTION, ...part }} onChange={onChange} />
    </ConversationsContext>,
  );
  const region = screen.getByRole("region", { name: "Earlier messages are summarized" });
  return { region, onChange, unmount, ...summaries };
}

it("says what was summarized, when, by which model, and what that took", async () => {
  const { region } = await fold();
  const line = region.querySelector("summary")?.textContent ?? "";
  expect(line).toContain("Earlier messages are summarized");
  for (const fact of ["40 messages", "2023", "small", "5,120 tokens", "$0.02"]) {
    expect(line).toContain(fact);
  }
  expect(region.querySelector("details")?.open).toBe(false);
  expect(region.textContent).toContain("They talked of the tide.");
});

it("changes the text of a summary, and says when that was refused", async () => {
  const { region, editSummary, onChange } = await fold();
  fireEvent.click(within(region).getByText("Edit"));
  const box = within(region).getByLabelText("Summary");
  fireEvent.change(box, { target: { value: "  " } });
  expect(within(region).getByText("Save").closest("button")?.disabled).toBe(true);
  fireEvent.change(box, { target: { value: "What I say." } });
  editSummary.mockRejectedValueOnce(new Error("no"));
  fireEvent.click(within(region).getByText("Save"));
  await turn(0);
  expect(onChange).not.toHaveBeenCalled();
  expect((box as HTMLTextAreaElement).value).toBe("What I say.");
  fireEvent.click(within(region).getByText("Save"));
  await turn(0);
  expect(editSummary).toHaveBeenLastCalledWith({ messageId: "m9", text: "What I say." });
  expect(onChange).toHaveBeenCalledOnce();
  expect(within(region).queryByLabelText("Summary")).toBeNull();
});

it("keeps an edited summary while another conversation is shown", async () => {
  const { region, unmount } = await fold();
  fireEvent.click(within(region).getByText("Edit"));
  fireEvent.change(within(region).getByLabelText("Summary"), { target: { value: "What I say." } });
  unmount();
  const { region: again } = await fold();
  expect(again.querySelector("details")?.open).toBe(true);
  expect(within(again).getByLabelText<HTMLTextAreaElement>("Summary").value).toBe("What I say.");
  fireEvent.click(within(again).getByText("Cancel"));
  expect(within(again).queryByLabelText("Summary")).toBeNull();
});

it("keeps what is typed while a summary is saved, and while it is undone", async () => {
  const { region } = await fold();
  fireEvent.click(within(region).getByText("Edit"));
  const box = within(region).getByLabelText<HTMLTextAreaElement>("Summary");
  fireEvent.change(box, { target: { value: "What I say." } });
  fireEvent.click(within(region).getByText("Save"));
  fireEvent.change(box, { target: { value: "What I say. And more." } });
  await turn(0);
  fireEvent.click(within(region).getByRole("button", { name: "Undo" }));
  await turn(0);
  expect(within(region).getByLabelText("Summary")).toBe(box);
  expect(box.value).toBe("What I say. And more.");
  fireEvent.click(within(region).getByText("Save"));
  await turn(0);
  expect(within(region).queryByLabelText("Summary")).toBeNull();
});

it("keeps the focus in the summary while it is edited, and at its button afterwards", async () => {
  const { region } = await fold();
  const user = userEvent.setup({ delay: null });
  (region.querySelector("details") as HTMLDetailsElement).open = true;
  for (const [button, place] of [
    ["Edit", "Summary"],
    ["Cancel", "Edit"],
    ["Edit", "Summary"],
    ["Save", "Edit"],
  ] as const) {
    await user.click(within(region).getByRole("button", { name: button }));
    await turn(0);
    const { activeElement } = document;
    const name = activeElement?.id === "" ? activeElement.textContent : "Summary";
    expect(name, button).toBe(place);
  }
});

it("undoes one summary or all of them, and takes that back", async () => {
  const { region, useSummary, onChange } = await fold();
  fireEvent.click(within(region).getByRole("button", { name: "Undo" }));
  expect(useSummary).toHaveBeenLastCalledWith({ messageId: "m9", undone: true });
  fireEvent.click(within(region).getByRole("button", { name: "Send everything" }));
  const everywhere = { messageId: "m9", undone: true, everywhere: true };
  expect(useSummary).toHaveBeenLastCalledWith(everywhere);
  await turn(0);
  expect(onChange).toHaveBeenCalledTimes(2);
});

it("offers a summary that was undone again", async () => {
  const { region, useSummary } = await fold({ undone: true, edited: true });
  expect(region.querySelector("summary")?.textContent).toContain("All messages are sent");
  expect(region.textContent).toContain("edited");
  expect(within(region).queryByRole("button", { name: "Undo" })).toBeNull();
  fireEvent.click(within(region).getByRole("button", { name: "Send the summary" }));
  expect(useSummary).toHaveBeenLastCalledWith({ messageId: "m9", undone: false });
  await turn(0);
});

it("asks with the cost before a summary is written", async () => {
  const { value, compact, onDone } = await dialog();
  expect(value.client.conversations.compactionEstimate).toHaveBeenCalledOnce();
  await turn(0);
  const shown = screen.getByRole("dialog").textContent;
  expect(shown).toContain("40 messages · About 10,000 tokens · at most $0.03");
  expect(compact).not.toHaveBeenCalled();
  compact.mockRejectedValueOnce(new Error("no"));
  fireEvent.click(screen.getByRole("button", { name: "Summarize" }));
  fireEvent.click(screen.getByRole("button", { name: "Summarize" }));
  await turn(0);
  expect(compact).toHaveBeenCalledOnce();
  expect(onDone).not.toHaveBeenCalled();
  fireEvent.click(screen.getByRole("button", { name: "Summarize" }));
  await turn(0);
  expect(compact).toHaveBeenLastCalledWith({ conversationId: "c1" });
  expect(onDone).toHaveBeenCalledOnce();
});

async function dialog() {
  const { value, summaries } = await createChat();
  const onDone = vi.fn();
  render(
    <ConversationsContext value={value}>
      <CompactDialog request={{ conversationId: "c1" }} onDone={onDone} />
    </ConversationsContext>,
  );
  return { value, onDone, ...summaries };
}

it.each<[Partial<CompactionState> & Pick<CompactionState, "state">, string, string]>([
  [{ state: "running", progress: 0.4 }, "Summarizing earlier messages (40%)…", "Stop summarizing"],
  [{ state: "offered", estimate: ESTIMATE }, "A summary costs at most $0.03.", "Summarize…"],
  [{ state: "cancelled" }, "The summary was stopped. Nothing has changed.", "Dismiss"],
  [
    { state: "failed", failure: { code: "BUDGET", message: "A budget is reached" } },
    "No summary was written: A budget is reached",
    "Try again",
  ],
])("says how a summary goes: %o", async (part, sentence, button) => {
  const { value, summaries } = await createChat();
  const compaction: CompactionState = {
    conversationId: "c1",
    progress: 0,
    estimate: null,
    failure: null,
    ...part,
  };
  render(
    <ConversationsContext value={value}>
      <CompactionBar compaction={compaction} />
    </ConversationsContext>,
  );
  expect(screen.getByRole("status").textContent).toContain(sentence);
  fireEvent.click(screen.getByRole("button", { name: button }));
  await turn(0);
  const isAsked = button === "Summarize…" || button === "Try again";
  expect(summaries.stopCompaction).toHaveBeenCalledTimes(isAsked ? 0 : 1);
  expect(screen.queryAllByRole("dialog")).toHaveLength(isAsked ? 1 : 0);
});

it("reads a conversation again when another window has changed a summary", async () => {
  const { conversations, topics, client } = await createChat();
  const stop = conversations.begin();
  const creating = client.conversations.create({ title: "Tides" });
  await turn(100);
  const { id } = await creating;
  const conversation = conversations.show(id);
  await turn(100);
  expect(conversation.get().phase).toBe("open");
  const get = vi.spyOn(client.conversations, "get");
  const pushStore = async (version: number, summaries: number) => {
    const value = { version, summaries, problem: null, remarks: [] };
    topics.take({ channel: "topic", key: "", name: "store", value });
    await turn(100);
  };
  await pushStore(10, 0);
  expect(get).not.toHaveBeenCalled();
  await pushStore(11, 1);
  expect(get).toHaveBeenCalledOnce();
  await pushStore(12, 1);
  expect(get).toHaveBeenCalledOnce();
  stop();
});

it("waits for the end of an answer before a conversation is read again", async () => {
  const { conversations, client } = await createChat();
  const { conversation } = conversations.shown.get();
  conversation.send("/rate 5\n/repeat 10 tide");
  await turn(100);
  const get = vi.spyOn(client.conversations, "get");
  conversation.refresh();
  await turn(100);
  expect(get).not.toHaveBeenCalled();
  await turn(5_000);
  expect(get).toHaveBeenCalledOnce();
});
