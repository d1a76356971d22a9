/**
 * When the host refuses an action, an open conversation returns to its earlier state and offers a
 * retry.
 */
import { act } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { NO_MESSAGE } from "../src/attachments/draftAttachment";
import type {
  AnswerDetail,
  ConversationView,
  EndReason,
  StoredMessage,
} from "../src/bridge/contract";
import { NO_FIRST } from "../src/conversations/answerOptions";
import type { ModelRef } from "../src/conversations/conversation";
import { createConversations } from "../src/conversations/conversations";
import { initialState, reduce } from "../src/conversations/machine";
import { createStore } from "../src/lib/store";
import { end, type ManualPage, manualPage, settled, strangePage } from "./support";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  localStorage.clear();
  sessionStorage.clear();
});

const summary = {
  id: "c-1",
  title: "tides",
  createdAt: 1,
  updatedAt: 1,
  messageCount: 2,
  pinned: false,
  folder: null,
  temporary: false,
  inferenceId: null,
};

const stored = (id: string, part: Partial<StoredMessage> = {}): StoredMessage => ({
  id,
  parentId: null,
  role: "user",
  content: `text of ${id}`,
  reasoning: "",
  status: "complete",
  providerId: null,
  modelId: null,
  inferenceId: null,
  createdAt: 1,
  siblings: [id],
  detail: null,
  parts: [],
  ...part,
});

const answer = (id: string, part: Partial<StoredMessage> = {}) =>
  stored(id, { role: "assistant", providerId: "local", modelId: "small", ...part });

const ended = (finishReason: EndReason) => ({ finishReason }) as AnswerDetail;

const view = (messages: StoredMessage[], earlier = 0): ConversationView => ({
  conversation: { ...summary, messageCount: messages.length + earlier },
  systemPrompt: null,
  messages,
  earlier,
});

const BOTH = [stored("m-1"), answer("m-2")];

async function conversationsOf(page: ManualPage, defaults: ModelRef | null = null) {
  const { bridge, llm, transport } = page;
  const conversations = createConversations({
    host: { client: bridge.client, router: bridge.router, topics: bridge.topics, llm },
    defaults: createStore(defaults),
  });
  const callsOf = (name: string) =>
    transport.calls().filter(({ method }) => method === `conversations.${name}`);
  return {
    ...page,
    conversations,
    callsOf,
    /** Answers the last call of a method. */
    async reply(name: string, value: unknown) {
      transport.reply(callsOf(name).at(-1), value);
      await settled();
    },
    async refuse(name: string, code: "LIMIT" | "NOT_FOUND" | "STORAGE_UNAVAILABLE" = "LIMIT") {
      transport.refuse(callsOf(name).at(-1), { code });
      await settled();
    },
  };
}

/** A conversation that is open, with one question and its answer. */
async function openConversation(messages = BOTH, earlier = 0) {
  const page = await conversationsOf(await manualPage());
  const conversation = page.conversations.show("c-1");
  await settled();
  await page.reply("get", view(messages, earlier));
  await page.reply("recall", {});
  return { ...page, conversation };
}

const hidePage = () => act(() => void window.dispatchEvent(new Event("pagehide")));

describe("a conversation that could not be opened", () => {
  it("keeps the question that was sent, and sends it once it is open", async () => {
    const { conversations, callsOf, reply, refuse } = await conversationsOf(await manualPage());
    const conversation = conversations.show("c-1");
    await settled();
    await refuse("get", "STORAGE_UNAVAILABLE");
    expect(conversation.get()).toMatchObject({ phase: "failed", pending: { failure: {} } });
    conversation.draft.set("is it high?");
    expect(conversation.send()).toBe(true);
    expect(conversation.get().queue).toMatchObject([{ text: "is it high?" }]);
    await settled();
    await refuse("get", "STORAGE_UNAVAILABLE");
    conversation.retry();
    await settled();
    await reply("get", view(BOTH));
    await reply("recall", {});
    expect(callsOf("send").map(({ params }) => params)).toMatchObject([{ content: "is it high?" }]);
    expect(conversation.isBusy()).toBe(true);
  });

  it("is opened by a click in the list, also after the error was dismissed", async () => {
    const { conversations, reply, refuse } = await conversationsOf(await manualPage());
    const conversation = conversations.show("c-1");
    await settled();
    await refuse("get", "STORAGE_UNAVAILABLE");
    conversation.dismiss();
    conversations.show("c-1");
    await settled();
    await reply("get", view(BOTH));
    expect(conversation.get()).toMatchObject({ phase: "open", pending: null });
  });

  it.each([
    ["before its hello", strangePage],
    ["later", manualPage],
  ])("says so when the host refuses the page for good %s", async (_, openPage) => {
    const { conversations, transport } = await conversationsOf(await openPage());
    act(() => transport.peer.refused("not yours"));
    const conversation = conversations.show("c-1");
    await settled();
    expect(conversation.get().phase).toBe("failed");
  });

  it("opens when it was deleted and comes back in the list", async () => {
    const { conversations, callsOf, reply, refuse } = await conversationsOf(await manualPage());
    const conversation = conversations.show("c-1");
    await settled();
    conversation.send("is it high?");
    await refuse("get", "NOT_FOUND");
    expect(conversation.get()).toMatchObject({ phase: "gone", queue: [] });
    expect(conversation.draft.get()).toBe("is it high?");
    conversation.notice(null);
    expect(callsOf("get")).toHaveLength(1);
    conversation.notice(summary);
    await settled();
    await reply("get", view(BOTH));
    expect(conversation.get().phase).toBe("open");
  });
});

describe("the model that is shown", () => {
  it("is the one that is asked, whatever the host's default has become", async () => {
    const shown = { providerId: "local", modelId: "small" };
    const { conversations, callsOf, reply } = await conversationsOf(await manualPage(), shown);
    const { conversation } = conversations.shown.get();
    expect(conversation.model()).toEqual(shown);
    conversation.send("between us");
    await settled();
    await reply("create", { ...summary, messageCount: 0 });
    expect(callsOf("send").at(-1)?.params).toMatchObject(shown);
  });

  it("is the one that answered, for each new version; an answer is continued by its own", async () => {
    const other = answer("m-2", { providerId: "far", modelId: "large" });
    const { conversation, callsOf, refuse } = await openConversation([stored("m-1"), other]);
    const [question = "", row = ""] = conversation.get().messages;
    const far = { providerId: "far", modelId: "large" };
    conversation.regenerate(row);
    await settled();
    expect(callsOf("regenerate").at(-1)?.params).toMatchObject(far);
    await refuse("regenerate");
    const near = { providerId: "local", modelId: "small" };
    conversation.choose(near);
    conversation.edits.begin(question);
    conversation.edit(question);
    await settled();
    expect(callsOf("edit").at(-1)?.params).toMatchObject(near);
    await refuse("edit");
    conversation.continueAnswer(row);
    await settled();
    expect(callsOf("continue_answer").at(-1)?.params).toMatchObject(far);
  });
});

describe("a refused edit", () => {
  it("is back in its place, leaves the draft alone, and is tried again as an edit", async () => {
    const { conversation, callsOf, refuse } = await openConversation();
    const [row = ""] = conversation.get().messages;
    conversation.draft.set("another thought");
    conversation.edits.begin(row);
    conversation.edits.get().get(row)?.draft.set("a better question");
    conversation.edit(row);
    await settled();
    await refuse("edit");
    expect(conversation.draft.get()).toBe("another thought");
    expect(conversation.edits.get().get(row)?.draft.get()).toBe("a better question");
    expect(conversation.get().messages).toHaveLength(2);
    conversation.retry();
    await settled();
    expect(callsOf("edit").map(({ params }) => params)).toMatchObject([
      { messageId: "m-1", content: "a better question" },
      { messageId: "m-1", content: "a better question" },
    ]);
    expect(callsOf("send")).toEqual([]);
    expect(conversation.edits.get().size).toBe(0);
  });
});

describe("a refused question", () => {
  it("is retried alone; text typed since then stays in the box", async () => {
    const { conversation, callsOf, refuse } = await openConversation();
    conversation.draft.set("is it high?");
    conversation.send();
    conversation.draft.set("half a thought");
    await settled();
    await refuse("send");
    expect(conversation.draft.get()).toBe("is it high?\nhalf a thought");
    conversation.retry();
    await settled();
    expect(callsOf("send").at(-1)?.params).toMatchObject({ content: "is it high?" });
    expect(conversation.draft.get()).toBe("half a thought");
  });

  it("that was the first leaves no conversation to be opened after a reload", async () => {
    const { conversations, reply, refuse } = await conversationsOf(await manualPage());
    const { conversation } = conversations.shown.get();
    conversation.send("is it high?");
    await settled();
    await reply("create", { ...summary, messageCount: 0 });
    expect(sessionStorage.getItem("tidewire.chat")).toBe("c-1");
    await refuse("send");
    expect(conversation.get()).toMatchObject({ phase: "new", id: null });
    expect(sessionStorage.getItem("tidewire.chat")).toBeNull();
  });

  it("leaves no conversation behind when its budget is refused", async () => {
    const { conversations, callsOf, reply, refuse } = await conversationsOf(await manualPage());
    const { conversation } = conversations.shown.get();
    conversation.options.first.set({ ...NO_FIRST, budget: { usd: 1, tokens: null } });
    conversation.send("is it high?");
    await settled();
    await reply("create", { ...summary, messageCount: 0 });
    await refuse("set_budget", "STORAGE_UNAVAILABLE");
    expect(conversation.get()).toMatchObject({ phase: "new", id: null, messages: [] });
    expect(conversation.draft.get()).toBe("is it high?");
    expect(callsOf("send")).toEqual([]);
    expect(callsOf("delete").map(({ params }) => params)).toEqual(["c-1"]);
  });

  it("takes only its own rows away when earlier messages arrive meanwhile", async () => {
    const { conversation, conversations, transport, callsOf, refuse } = await openConversation(
      BOTH,
      2,
    );
    void conversation.loadEarlier();
    await settled();
    const earlier = callsOf("get").at(-1);
    conversation.send("is it high?");
    await settled();
    transport.reply(earlier, view([stored("m-a"), answer("m-b")]));
    await settled();
    await refuse("send");
    await settled();
    transport.reply(callsOf("get").at(-1), view([stored("m-a"), answer("m-b")]));
    await settled();
    const { messages } = conversation.get();
    expect(messages).toHaveLength(4);
    expect(messages.filter((row) => conversations.message(row) === undefined)).toEqual([]);
  });

  it("stays visible when a background request is refused", () => {
    const failure = { code: "LIMIT" } as never;
    const call = { kind: "send", written: { ...NO_MESSAGE, text: "a" } } as const;
    const open = { ...initialState("c-1"), phase: "open" } as const;
    const refused = reduce(open, { type: "refused", call, failure });
    const both = reduce(refused, { type: "refused", call: { kind: "refresh" }, failure });
    expect(both.pending?.retry).toBe(call);
  });
});

describe("a queued message", () => {
  it.each<[EndReason, string]>([
    ["waiting", "and then?"],
    ["budget", "and then?"],
    ["steps", "and then?"],
    ["length", "and then?"],
    ["stop", ""],
  ])("returns to the box after an answer that can be continued: %s", async (reason, box) => {
    const { conversation, transport, callsOf, reply } = await openConversation();
    conversation.send("is it high?");
    await settled();
    const { params } = callsOf("send").at(-1) ?? {};
    const { inferenceId } = params as { inferenceId: string };
    const ids = { conversationId: "c-1", messageId: "m-3", answerId: "m-4", inferenceId };
    await reply("send", ids);
    conversation.send("and then?");
    act(() => void transport.push({ ...end(inferenceId, 0), finishReason: reason }));
    await settled();
    expect(conversation.draft.get()).toBe(box);
    expect(callsOf("send")).toHaveLength(box === "" ? 2 : 1);
  });
});

it("the effort of one answer holds until a decision has continued the answer", async () => {
  const waiting = [stored("m-1"), answer("m-2", { detail: ended("waiting") })];
  const { conversation, callsOf, reply } = await openConversation(waiting);
  const { once } = conversation.options;
  once.set("high");
  const [, row = ""] = conversation.get().messages;
  const decide = async (callId: string, value: unknown) => {
    void conversation.decide(row, { callId, nonce: "n", verdict: "allow" });
    await settled();
    await reply("decide", value);
  };
  await decide("t-1", { taken: true, answer: null });
  expect(once.get()).toBe("high");
  const ids = { conversationId: "c-1", messageId: "m-1", answerId: "m-2", inferenceId: "inf-2" };
  await decide("t-2", { taken: true, answer: ids });
  expect(callsOf("decide").at(-1)?.params).toMatchObject({ effort: "high" });
  expect(once.get()).toBeNull();
});

describe("background requests", () => {
  it("fetches earlier messages after the call that was under way", async () => {
    const { conversation, callsOf, reply } = await openConversation(BOTH, 2);
    conversation.notice({ ...summary, messageCount: 9 });
    await settled();
    void conversation.loadEarlier();
    await settled();
    await reply("get", view(BOTH, 2));
    expect(callsOf("get").at(-1)?.params).toMatchObject({ before: "m-1" });
    await reply("get", view([stored("m-a"), answer("m-b")]));
    expect(conversation.get()).toMatchObject({ earlier: 0, messages: { length: 4 } });
  });

  it.each<[string, Partial<StoredMessage>, number]>([
    ["a call waits in it", { detail: ended("waiting") }, 2],
    ["it has reached a budget", { detail: ended("budget") }, 2],
    ["it was being written", { status: "streaming" }, 2],
    ["it is complete", { detail: ended("stop") }, 1],
  ])("fetches an answer that another window may have continued: %s", async (_, part, reads) => {
    const { conversation, callsOf } = await openConversation([stored("m-1"), answer("m-2", part)]);
    conversation.notice(summary);
    await settled();
    expect(callsOf("get")).toHaveLength(reads);
  });

  it("that waited for an answer is made when the host refuses that", async () => {
    const { conversation, callsOf, refuse } = await openConversation();
    conversation.send("is it high?");
    await settled();
    conversation.refresh();
    await settled();
    expect(callsOf("get")).toHaveLength(1);
    await refuse("send");
    expect(callsOf("get")).toHaveLength(2);
  });

  it("take their refusal back once they succeed, and no other", async () => {
    const { conversation, reply, refuse } = await openConversation(BOTH, 2);
    const refresh = async () => {
      conversation.refresh();
      await settled();
    };
    await refresh();
    await refuse("get", "STORAGE_UNAVAILABLE");
    expect(conversation.get().pending?.failure).toBeTruthy();
    await refresh();
    await reply("get", view(BOTH, 2));
    expect(conversation.get().pending).toBeNull();
    void conversation.loadEarlier();
    await settled();
    await refuse("get", "STORAGE_UNAVAILABLE");
    await refresh();
    await reply("get", view(BOTH, 2));
    expect(conversation.get().pending?.retry).toEqual({ kind: "earlier" });
    void conversation.loadEarlier();
    await settled();
    await reply("get", view([stored("m-a"), answer("m-b")]));
    expect(conversation.get().pending).toBeNull();
  });

  it("follows a run without a log once, and not in a loop", async () => {
    const { conversations, transport, callsOf, reply } = await conversationsOf(await manualPage());
    const conversation = conversations.show("c-1");
    const live = { status: "streaming", inferenceId: "inf-none" } as const;
    await settled();
    await reply("get", view([stored("m-1"), answer("m-2", live)]));
    const attached = () => transport.calls().filter(({ method }) => method === "llm.attach");
    transport.refuse(attached().at(-1), { code: "NOT_FOUND" });
    await settled();
    await reply("get", view([stored("m-1"), answer("m-2", live)]));
    expect(attached()).toHaveLength(1);
    expect(callsOf("get")).toHaveLength(2);
    expect(conversation.isBusy()).toBe(false);
  });

  it("fetches a conversation once when it is found again, and gives its text back once", async () => {
    const sent = { inferenceId: "inf-lost", text: "hello" };
    sessionStorage.setItem("tidewire.drafts", JSON.stringify([["c-1", { sent }]]));
    sessionStorage.setItem("tidewire.chat", "c-1");
    const { conversations, callsOf, reply } = await conversationsOf(await manualPage());
    conversations.begin();
    await settled();
    await reply("get", view(BOTH));
    expect(conversations.shown.get().conversation.draft.get()).toBe("hello");
    expect(callsOf("get")).toHaveLength(1);
  });

  it("forget the message to scroll to when the person goes elsewhere", async () => {
    const { conversations, conversation, reply } = await openConversation();
    const found = conversations.reveal("c-1", "m-1");
    await settled();
    await reply("choose", view(BOTH));
    await found;
    expect(conversation.get().target).not.toBeNull();
    conversations.show("c-2");
    conversations.show("c-1");
    expect(conversation.get().target).toBeNull();
    // Also when the host answers after that.
    const late = conversations.reveal("c-1", "m-1");
    await settled();
    conversations.show("c-2");
    await reply("choose", view(BOTH));
    await late;
    expect(conversation.get().target).toBeNull();
  });
});

describe("over a reload", () => {
  it("keeps question edits, and the draft of a temporary chat", async () => {
    const first = await openConversation();
    const [row = ""] = first.conversation.get().messages;
    first.conversation.edits.begin(row);
    first.conversation.edits.get().get(row)?.draft.set("a better question");
    const secret = first.conversations.show("tmp-1");
    secret.draft.set("between us");
    expect(JSON.stringify({ ...sessionStorage, ...localStorage })).not.toContain("between us");
    hidePage();
    const { conversations, reply } = await conversationsOf(await manualPage());
    expect(JSON.stringify({ ...sessionStorage })).not.toContain("between us");
    expect(conversations.show("tmp-1").draft.get()).toBe("between us");
    const reopened = conversations.show("c-1");
    await settled();
    await reply("get", view(BOTH));
    expect([...reopened.edits.get().values()].map(({ draft }) => draft.get())).toEqual([
      "a better question",
    ]);
  });

  it.each(["words", "words\nand more", "other words"])(
    "takes what is asked after all out of the box, unless it was changed: %s",
    async (now) => {
      const sent = { inferenceId: "inf-late", text: "words", edited: null };
      sessionStorage.setItem("tidewire.drafts", JSON.stringify([["c-1", { sent }]]));
      const { conversations, reply } = await conversationsOf(await manualPage());
      const conversation = conversations.show("c-1");
      await settled();
      await reply("get", view(BOTH));
      expect(conversation.draft.get()).toBe("words");
      conversation.draft.set(now);
      conversation.refresh();
      await settled();
      const asked = [stored("m-3"), answer("m-4", { inferenceId: "inf-late" })];
      await reply("get", view([...BOTH, ...asked]));
      const left = { words: "", "words\nand more": "and more" }[now] ?? now;
      expect(conversation.draft.get()).toBe(left);
    },
  );

  it("gives an edit that did not arrive back to its place", async () => {
    const sent = { inferenceId: "inf-lost", text: "a better question", edited: "m-1" };
    sessionStorage.setItem("tidewire.drafts", JSON.stringify([["c-1", { sent }]]));
    const { conversations, reply } = await conversationsOf(await manualPage());
    const conversation = conversations.show("c-1");
    await settled();
    await reply("get", view(BOTH));
    const [row = ""] = conversation.get().messages;
    expect(conversation.draft.get()).toBe("");
    expect(conversation.edits.get().get(row)?.draft.get()).toBe("a better question");
  });
});

it("a key writes nothing; the draft is written once in a while", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { conversation, callsOf } = await openConversation();
  const before = callsOf("remember").length;
  const writing = vi.spyOn(JSON, "stringify");
  for (let length = 1; length <= 50; length += 1) conversation.draft.set("x".repeat(length));
  expect(writing).not.toHaveBeenCalled();
  await settled();
  expect(callsOf("remember").slice(before)).toEqual([]);
  vi.advanceTimersByTime(1_000);
  await settled();
  expect(callsOf("remember").slice(before)).toHaveLength(1);
  expect(JSON.stringify(callsOf("remember").at(-1))).toContain("x".repeat(50));
});
