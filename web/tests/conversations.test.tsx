/** No message is lost or duplicated, and only the live row renders. */
import { act, render } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ConversationView, StoredMessage } from "../src/bridge/contract";
import type { Conversation } from "../src/conversations/conversation";
import { type Conversations, createConversations } from "../src/conversations/conversations";
import { foldersOf, groupsOf } from "../src/conversations/groups";
import { useConversation } from "../src/conversations/useConversation";
import { ConversationsContext } from "../src/conversations/useConversations";
import { useMessage } from "../src/conversations/useMessage";
import { fakePage, type ManualPage, manualPage, settled, turn } from "./support";

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
  sessionStorage.clear();
});

type Page = Pick<ManualPage, "bridge" | "llm">;

const conversationsOf = ({ bridge, llm }: Page): Conversations =>
  createConversations({
    host: { client: bridge.client, router: bridge.router, topics: bridge.topics, llm },
  });

const textsOf = (conversations: Conversations, { get }: Conversation) =>
  get().messages.map((row) => conversations.message(row)?.get().message.content);

const summary = {
  id: "c-1",
  title: "hello",
  createdAt: 1,
  updatedAt: 1,
  messageCount: 2,
  pinned: false,
  folder: null,
  temporary: false,
  inferenceId: null,
};

const stored = (part: Partial<StoredMessage>): StoredMessage => ({
  id: "m",
  parentId: null,
  role: "user",
  content: "hello",
  reasoning: "",
  status: "complete",
  providerId: null,
  modelId: null,
  inferenceId: null,
  createdAt: 1,
  siblings: [part.id ?? "m"],
  detail: null,
  parts: [],
  ...part,
});

const viewOf = (messages: StoredMessage[]): ConversationView => ({
  conversation: { ...summary, messageCount: messages.length },
  systemPrompt: null,
  messages,
  earlier: 0,
});

describe("a host that is lost while it is asked", () => {
  /** Send a first message; the host takes the conversation, and is lost over the question. */
  async function lostOverSend() {
    const page = await manualPage();
    const { transport } = page;
    const conversations = conversationsOf(page);
    const { conversation } = conversations.shown.get();
    conversation.draft.set("hello");
    conversation.send();
    await settled();
    transport.reply(transport.calls().at(-1), { ...summary, messageCount: 0 });
    await settled();
    const sendCall = transport.calls().at(-1);
    expect(sendCall?.method).toBe("conversations.send");
    act(() => transport.peer.lost("gone"));
    await settled();
    expect(conversation.draft.get()).toBe("");
    transport.peer.connected();
    await transport.welcome(true);
    await settled();
    const look = transport.calls().findLast(({ method }) => method === "conversations.get");
    const { inferenceId } = (sendCall?.params ?? {}) as { inferenceId?: string };
    return { transport, conversations, conversation, look, inferenceId };
  }

  it("has taken the message: it is not said twice", async () => {
    const { transport, conversation, look, inferenceId } = await lostOverSend();
    const question = stored({ id: "m-1" });
    const answer = {
      id: "m-2",
      parentId: "m-1",
      role: "assistant" as const,
      inferenceId: inferenceId ?? null,
    };
    transport.reply(look, viewOf([question, stored({ ...answer, status: "streaming" })]));
    await settled();
    expect(conversation.draft.get()).toBe("");
    expect(conversation.get().pending).toBeNull();
    expect(conversation.isBusy()).toBe(true);
    expect(transport.calls().filter(({ method }) => method === "llm.cancel")).toEqual([]);
  });

  it("has not taken it: it is back in the box", async () => {
    const { transport, conversation, look } = await lostOverSend();
    transport.reply(look, viewOf([]));
    await settled();
    expect(conversation.draft.get()).toBe("hello");
    expect(conversation.get()).toMatchObject({
      messages: [],
      pending: { failure: { code: "HOST_LOST" } },
    });
  });
});

describe("a reload while the host is asked", () => {
  async function reopened(messages: StoredMessage[]) {
    const sent = { inferenceId: "inf-sent", text: "hello" };
    sessionStorage.setItem("tidewire.drafts", JSON.stringify([["c-1", { text: "next", sent }]]));
    const page = await manualPage();
    const conversation = conversationsOf(page).show("c-1");
    await settled();
    page.transport.reply(page.transport.calls().at(-1), viewOf(messages));
    await settled();
    return conversation;
  }

  it("gives the text back that did not arrive", async () => {
    expect((await reopened([])).draft.get()).toBe("hello\nnext");
  });

  it("does not give back a text that arrived", async () => {
    const answer = { id: "m-2", role: "assistant" as const, inferenceId: "inf-sent" };
    expect((await reopened([stored({}), stored(answer)])).draft.get()).toBe("next");
  });
});

describe("a fetched history", () => {
  it("that is older than the latest messages removes none of them", async () => {
    const page = await manualPage();
    const conversations = conversationsOf(page);
    const conversation = conversations.show("c-1");
    await settled();
    const messages = [
      stored({ id: "m-1" }),
      stored({ id: "m-2", role: "assistant", content: "hi" }),
    ];
    page.transport.reply(page.transport.calls().at(-1), viewOf(messages));
    await settled();
    conversation.notice({ ...summary, messageCount: 3 });
    await settled();
    const getCall = page.transport.calls().at(-1);
    expect(getCall?.method).toBe("conversations.get");
    conversation.send("and now?");
    await settled();
    page.transport.reply(getCall, viewOf(messages));
    await settled();
    expect(textsOf(conversations, conversation)).toEqual(["hello", "hi", "and now?", ""]);
  });
});

describe("a retry", () => {
  it("sends the refused message, and never an unfinished draft", async () => {
    const page = await manualPage();
    const { transport } = page;
    const conversation = conversationsOf(page).show("c-1");
    await settled();
    const answer = stored({ id: "m-2", role: "assistant", parentId: "m-1" });
    transport.reply(transport.calls().at(-1), viewOf([stored({ id: "m-1" }), answer]));
    await settled();
    conversation.draft.set("half a thou");
    conversation.regenerate(conversation.get().messages.at(-1) ?? "");
    await settled();
    transport.refuse(transport.calls().at(-1), { code: "LIMIT" });
    await settled();
    expect(conversation.get().pending?.failure?.code).toBe("LIMIT");
    expect(conversation.get().messages).toHaveLength(2);
    conversation.retry();
    await settled();
    const regenerateCall = transport.calls().at(-1);
    expect(regenerateCall?.method).toBe("conversations.regenerate");
    expect(regenerateCall?.params).toMatchObject({ messageId: "m-2" });
    expect(conversation.draft.get()).toBe("half a thou");
  });
});

describe("a temporary chat", () => {
  it("stores nothing of the text typed before it became temporary", async () => {
    const { conversation } = conversationsOf(await manualPage()).shown.get();
    conversation.draft.set("between us");
    act(() => void window.dispatchEvent(new Event("pagehide")));
    expect(JSON.stringify({ ...sessionStorage })).toContain("between us");
    conversationsOf(await manualPage());
    conversation.setTemporary(true);
    conversation.draft.set("between us two");
    expect(JSON.stringify({ ...sessionStorage, ...localStorage })).not.toContain("between");
  });
});

describe("a queued message", () => {
  it("is sent when the answer is complete, and not when it is cut short", async () => {
    const page = await fakePage({ rate: 20 });
    const conversations = conversationsOf(page);
    const { conversation } = conversations.shown.get();
    conversation.send("one two three four five");
    await turn(60);
    conversation.draft.set("second");
    expect(conversation.send()).toBe(true);
    conversation.draft.set("/stall");
    conversation.send();
    conversation.draft.set("fourth");
    conversation.send();
    await turn(1_000);
    expect(textsOf(conversations, conversation)).toContain("second");
    expect(textsOf(conversations, conversation)).toContain("/stall");
    conversation.stop();
    await turn(100);
    expect(conversation.get().queue).toEqual([]);
    expect(conversation.draft.get()).toBe("fourth");
  });
});

describe("hooks", () => {
  it("render only the row that changes, and the path not at all", async () => {
    const page = await fakePage({ rate: 200 });
    const conversations = conversationsOf(page);
    const { conversation } = conversations.shown.get();
    conversation.send("first");
    await turn(200);
    const renders = new Map<string, number>();
    const count = (name: string) => renders.set(name, (renders.get(name) ?? 0) + 1);

    function Row({ id }: { readonly id: string }) {
      const view = useMessage(id);
      count(id);
      return <p>{view?.text}</p>;
    }

    function Path() {
      const { messages } = useConversation(conversation.key);
      count("path");
      return messages.map((id) => <Row key={id} id={id} />);
    }

    render(
      <ConversationsContext value={conversations}>
        <Path />
      </ConversationsContext>,
    );
    act(() => void conversation.send("/repeat 100 word"));
    await turn(100);
    const before = new Map(renders);
    await turn(300);
    const live = conversation.get().messages.at(-1) ?? "";
    expect(conversation.isBusy()).toBe(true);
    for (const [name, times] of renders) {
      if (name === live) expect(times).toBeGreaterThan(before.get(name) ?? 0);
      else expect(times, name).toBe(before.get(name));
    }
  });
});

describe("groups", () => {
  it("go by the day or month of the last use, whatever the hour", () => {
    const now = new Date(2026, 2, 29, 0, 30).getTime(); // the day on which clocks go forward
    const at = (day: number, hour: number, pinned = false) => ({
      ...summary,
      pinned,
      updatedAt: new Date(2026, 2, day, hour).getTime(),
    });
    const items = [at(1, 1, true), at(29, 0), at(28, 23), at(28, 0), at(27, 23), at(10, 1)];
    const found = groupsOf([...items, at(-40, 1), at(-50, 1), at(-70, 1)], now);
    expect(found.map(({ name, month, items: group }) => [name, month, group.length])).toEqual([
      ["pinned", null, 1],
      ["today", null, 1],
      ["yesterday", null, 2],
      ["week", null, 1],
      ["month", null, 1],
      ["earlier", new Date(2026, 0, 1).getTime(), 2],
      ["earlier", new Date(2025, 11, 1).getTime(), 1],
    ]);
  });

  it("are folders, in the order of their names, between what is pinned and the days", () => {
    const at = (folder: string | null, pinned = false) => ({ ...summary, folder, pinned });
    const items = [at("Sea 10", true), at("Sea 10"), at(null), at("Sea 2"), at("ärger"), at("zoo")];
    const found = groupsOf(items, 1, "de");
    expect(found.map(({ name, folder, items: group }) => [folder ?? name, group.length])).toEqual([
      ["pinned", 1],
      ["ärger", 1],
      ["Sea 2", 1],
      ["Sea 10", 1],
      ["zoo", 1],
      ["today", 1],
    ]);
    expect(foldersOf(items, "de")).toEqual(["ärger", "Sea 2", "Sea 10", "zoo"]);
  });
});

describe("the list", () => {
  it("keeps unchanged objects: of thousands of rows one renders", async () => {
    const page = await manualPage();
    const { list } = conversationsOf(page);
    const refreshedWith = async (items: unknown[]) => {
      const refreshed = list.refresh();
      await settled();
      page.transport.reply(page.transport.calls().at(-1), items);
      await refreshed;
      return list.get().items;
    };
    const [first, second] = await refreshedWith([summary, { ...summary, id: "c-2" }]);
    const after = await refreshedWith([{ ...summary, id: "c-2", title: "new" }, { ...summary }]);
    expect(after[1]).toBe(first);
    expect(after[0]).not.toBe(second);
    expect(after[0]?.title).toBe("new");
  });

  it("does not bring back a deleted row from an older reply", async () => {
    const page = await manualPage();
    const { list } = conversationsOf(page);
    const call = (name: string) => page.transport.calls().findLast(({ method }) => method === name);
    const two = [summary, { ...summary, id: "c-2" }];
    const first = list.refresh();
    await settled();
    page.transport.reply(call("conversations.list"), two);
    await first;
    const refreshed = list.refresh();
    await settled();
    const before = call("conversations.list");
    let done = () => {};
    const deleted = new Promise<void>((resolve) => {
      done = resolve;
    });
    const change = list.optimistic(
      (items) => items.filter(({ id }) => id !== "c-1"),
      () => deleted,
    );
    expect(list.get().items.map(({ id }) => id)).toEqual(["c-2"]);
    page.transport.reply(before, two);
    await refreshed;
    expect(list.get().items.map(({ id }) => id)).toEqual(["c-2"]);
    done();
    await settled();
    page.transport.reply(call("conversations.list"), [{ ...summary, id: "c-2" }]);
    await change;
    expect(list.get().items.map(({ id }) => id)).toEqual(["c-2"]);
  });

  it("puts many into a folder at once, and is as it was when the host refuses", async () => {
    const page = await fakePage();
    const conversations = conversationsOf(page);
    const client = page.bridge.client.conversations;
    const creations = Array.from({ length: 120 }, async () => (await client.create({})).id);
    await turn(200);
    const ids = await Promise.all(creations);
    for (const id of ids) {
      void client.send({ conversationId: id, content: "a" });
      await turn(40);
    }
    const moved = conversations.move(ids, "Sea");
    await turn(100);
    await moved;
    const { items } = conversations.list.get();
    expect(items.filter(({ folder }) => folder === "Sea")).toHaveLength(120);
    const refused = expect(conversations.move(["nobody"], null)).rejects.toThrow();
    await turn(100);
    await refused;
    expect(conversations.list.get().items).toEqual(items);
  });
});
