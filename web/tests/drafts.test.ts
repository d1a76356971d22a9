/** Drafts survive the page and, through the host's notes, the program. */
import { act } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { NO_MESSAGE } from "../src/attachments/draftAttachment";
import { followDefaults } from "../src/bridge/defaultModel";
import { refusal } from "../src/bridge/fake/refusal";
import { hostLost } from "../src/bridge/hostError";
import { type Conversations, createConversations } from "../src/conversations/conversations";
import type { HostPort } from "../src/conversations/hostPort";
import { createHostStorage } from "../src/conversations/hostStorage";
import { type FakePage, fakePage, turn, until } from "./support";

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
  sessionStorage.clear();
});

function conversationsOf({ bridge, llm }: FakePage, storage = sessionStorage): Conversations {
  const conversations = createConversations({
    host: { client: bridge.client, router: bridge.router, topics: bridge.topics, llm },
    defaults: followDefaults(bridge),
    storage,
  });
  conversations.list.watch();
  return conversations;
}

/** The storage of another tab. */
function tabStorage(): Storage {
  const items = new Map<string, string>();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  } as Storage;
}

/** A conversation with one question, and this text in its box. */
async function typed(page: FakePage, text: string, temporary = false) {
  const conversations = conversationsOf(page);
  conversations.showNew(temporary);
  const { conversation } = conversations.shown.get();
  conversation.draft.set("a question");
  conversation.send();
  await until(() => expect(conversation.get()).toMatchObject({ phase: "open", runs: new Map() }));
  conversation.draft.set(text);
  return { conversations, conversation, id: conversation.get().id ?? "" };
}

/** Waits until the host has this note. */
async function noted(page: FakePage, name: string): Promise<void> {
  await until(async () => {
    const notes = page.bridge.client.conversations.recall();
    await turn(100);
    expect(Object.keys(await notes)).toContain(name);
  });
}

/** Opens the conversation as in a new window, whose own storage is empty. */
async function opened(page: FakePage, id: string) {
  localStorage.clear();
  sessionStorage.clear();
  const conversation = conversationsOf(page).show(id);
  await turn(500);
  return conversation;
}

/** The attachments of a draft in the tab's storage. */
const keptInTab = (key: string) => sessionStorage.getItem(`tidewire.attached.${key}`);

/** Unloads the page. */
const hidePage = () => act(() => void window.dispatchEvent(new Event("pagehide")));

async function createdIn({ bridge }: FakePage, count: number): Promise<string[]> {
  const created = Array.from({ length: count }, () => bridge.client.conversations.create({}));
  await turn(100);
  return (await Promise.all(created)).map(({ id }) => id);
}

/** As many as put away what is spare. */
async function visitOthers(page: FakePage, conversations: Conversations): Promise<void> {
  for (const id of await createdIn(page, 8)) {
    conversations.show(id);
    await turn(100);
  }
}

describe("a draft", () => {
  it("stays when another window that only showed its conversation is reloaded", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "");
    const tab = tabStorage();
    conversationsOf(page, tab).show(id);
    await turn(500);
    conversation.draft.set("half a thought");
    await turn(1_000);
    hidePage();
    const reloaded = conversationsOf(page, tab).show(id);
    await turn(1_000);
    expect(reloaded.draft.get()).toBe("half a thought");
    expect((await opened(page, id)).draft.get()).toBe("half a thought");
  });

  it("stays when another window that has sent its own is reloaded", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "");
    const tab = tabStorage();
    const other = conversationsOf(page, tab).show(id);
    await turn(500);
    other.draft.set("hello");
    other.send();
    await turn(1_000);
    conversation.draft.set("half a thought");
    await turn(1_000);
    hidePage();
    conversationsOf(page, tab).show(id);
    await turn(1_000);
    expect((await opened(page, id)).draft.get()).toBe("half a thought");
  });

  it("of a new chat stays when another window with an empty one is reloaded", async () => {
    const page = await fakePage({ rate: 0 });
    const { draft } = conversationsOf(page).shown.get().conversation;
    const tab = tabStorage();
    conversationsOf(page, tab).begin();
    await turn(500);
    draft.set("half a question");
    await turn(1_000);
    hidePage();
    const { choose } = conversationsOf(page, tab).shown.get().conversation;
    choose({ providerId: "local", modelId: "small" });
    await turn(1_000);
    sessionStorage.clear();
    const anew = conversationsOf(page);
    anew.begin();
    await turn(500);
    expect(anew.shown.get().conversation.draft.get()).toBe("half a question");
  });

  it("stays when the page is reloaded before it has received it", async () => {
    const page = await fakePage({ rate: 0 });
    const { id } = await typed(page, "half a thought");
    await turn(1_000);
    const tab = tabStorage();
    conversationsOf(page, tab).show(id);
    hidePage();
    const reloaded = conversationsOf(page, tab).show(id);
    await turn(1_000);
    expect(reloaded.draft.get()).toBe("half a thought");
  });

  it("stays when its conversation is put away before it has received it", async () => {
    const page = await fakePage({ rate: 0 });
    const { id } = await typed(page, "half a thought");
    await turn(1_000);
    const conversations = conversationsOf(page, tabStorage());
    const { client } = page.bridge;
    let arrive = () => {};
    const stored = client.conversations.recall();
    await turn(40);
    const notes = await stored;
    vi.spyOn(client.conversations, "recall").mockImplementation(
      () => new Promise((resolve) => (arrive = () => resolve(notes))),
    );
    const conversation = conversations.show(id);
    await visitOthers(page, conversations);
    expect(conversations.find(id)).not.toBe(conversation);
    conversations.show(id);
    arrive();
    await turn(500);
    expect(conversations.shown.get().conversation.draft.get()).toBe("half a thought");
  });

  it("is there when the program is started again, once its writer has paused", async () => {
    const page = await fakePage({ rate: 0 });
    const { id } = await typed(page, "half a thought");
    await turn(1_000);
    expect((await opened(page, id)).draft.get()).toBe("half a thought");
  });

  it("is there while an answer is being written", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "half a thought");
    conversation.send("/stall");
    await turn(1_000);
    const reopened = await opened(page, id);
    expect(reopened.isBusy()).toBe(true);
    expect(reopened.draft.get()).toBe("half a thought");
  });

  it("of a chat that was never begun is there, too, and comes before what was open last", async () => {
    const page = await fakePage({ rate: 0 });
    conversationsOf(page).shown.get().conversation.draft.set("half a question");
    await turn(1_000);
    localStorage.clear();
    sessionStorage.clear();
    const anew = conversationsOf(page);
    anew.begin();
    await turn(500);
    expect(anew.shown.get().conversation.draft.get()).toBe("half a question");
  });

  it("of a chat that was never begun is there from every window that is gone", async () => {
    const page = await fakePage({ rate: 0 });
    for (const word of ["one", "two"]) {
      const { conversation } = conversationsOf(page, tabStorage()).shown.get();
      conversation.draft.set(word);
      conversation.tray.add([new File([word], `${word}.md`)]);
      await conversation.tray.whenRead();
      await turn(1_500);
    }
    const { client } = page.bridge;
    const begin = async () => {
      const conversations = conversationsOf(page, tabStorage());
      conversations.begin();
      const { conversation } = conversations.shown.get();
      await until(() => expect(conversation.tray.get()).toHaveLength(2));
      expect(conversation.tray.get().every(({ state }) => state === "ready")).toBe(true);
      expect(conversation.draft.get().split("\n").sort()).toEqual(["one", "two"]);
      await turn(1_500);
      const notes = client.conversations.recall();
      await turn(100);
      const names = Object.keys(await notes).filter((name) => /\.new\./.test(name));
      expect(names.map((name) => name.split(".")[0]).sort()).toEqual(["attached", "draft"]);
    };
    await begin();
    await begin();
  });

  it("that the host has is not replaced by what is typed and sent before it arrives", async () => {
    const page = await fakePage({ rate: 0 });
    const stored = JSON.stringify({ text: "half a question" });
    const notes = vi.spyOn(page.bridge.client.conversations, "recall");
    let arrive = () => {};
    notes.mockReturnValue(
      new Promise((resolve) => (arrive = () => resolve({ "draft.new": stored }))),
    );
    const { conversation } = conversationsOf(page, tabStorage()).shown.get();
    await turn(100);
    conversation.draft.set("hello");
    conversation.send();
    await until(() => expect(conversation.get()).toMatchObject({ phase: "open", runs: new Map() }));
    arrive();
    await until(() => expect(conversation.draft.get()).toBe("half a question"));
  });

  it("that the host has stays when the list is refused before the state of the store is known", async () => {
    const page = await fakePage({ rate: 0 });
    const stored = JSON.stringify({ text: "half a question" });
    const { client } = page.bridge;
    void client.conversations.remember({ name: "draft.new", text: stored });
    vi.spyOn(client.conversations, "list").mockRejectedValueOnce(refusal("RATE_LIMIT", "no"));
    const waiting: (() => void)[] = [];
    const late: FakePage["bridge"]["topics"] = {
      ...page.bridge.topics,
      get: () => undefined,
      on: (name, listener) => {
        waiting.push(() => {
          page.bridge.topics.on(name, listener);
          listener(page.bridge.topics.get(name));
        });
        return () => {};
      },
    };
    const bridge = { ...page.bridge, topics: late };
    const { conversation } = conversationsOf({ ...page, bridge }, tabStorage()).shown.get();
    await turn(100);
    conversation.draft.set("hello");
    await turn(1_500);
    for (const begin of waiting) begin();
    await until(() => expect(conversation.draft.get()).toBe("half a question\nhello"));
  });

  it("has the host's attachments and those added before they arrive", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "");
    conversation.tray.add([new File(["high at noon"], "tides.md")]);
    await noted(page, `attached.${id}`);
    const { client } = page.bridge;
    const stored = client.conversations.recall();
    await turn(40);
    const all = await stored;
    let arrive = () => {};
    vi.spyOn(client.conversations, "recall").mockReturnValue(
      new Promise((resolve) => (arrive = () => resolve(all))),
    );
    const other = conversationsOf(page, tabStorage()).show(id);
    await until(() => expect(other.get().phase).toBe("open"));
    const remember = vi.spyOn(client.conversations, "remember");
    other.tray.add([new File(["low at six"], "ebb.md")]);
    await other.tray.whenRead();
    await turn(1_000);
    expect(remember).not.toHaveBeenCalled();
    arrive();
    const names = () => other.tray.get().map(({ name }) => name);
    await until(() => expect(names().sort()).toEqual(["ebb.md", "tides.md"]));
    await until(() =>
      expect(remember.mock.calls.map(([{ name, text }]) => [name, text])).toContainEqual([
        `attached.${id}`,
        expect.stringMatching(/ebb\.md.*tides\.md|tides\.md.*ebb\.md/),
      ]),
    );
  });

  it("of another version of a question and one begun before it arrives are both kept", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "");
    const edit = ({ edits, get }: typeof conversation, text: string) => {
      const [row = ""] = get().messages;
      edits.begin(row);
      edits.get().get(row)?.draft.set(text);
      return () => edits.get().get(row)?.draft.get();
    };
    edit(conversation, "a better question");
    await turn(1_000);
    const stored = page.bridge.client.conversations.recall();
    await turn(40);
    const all = await stored;
    let arrive = () => {};
    vi.spyOn(page.bridge.client.conversations, "recall").mockReturnValue(
      new Promise((resolve) => (arrive = () => resolve(all))),
    );
    const other = conversationsOf(page, tabStorage()).show(id);
    await until(() => expect(other.get().phase).toBe("open"));
    const text = edit(other, "or this");
    arrive();
    await until(() => expect(text()).toBe("a better question\nor this"));
  });

  it("is with the host at once when the page goes", async () => {
    const page = await fakePage({ rate: 0 });
    const { id } = await typed(page, "half a thought");
    hidePage();
    await turn(40);
    expect((await opened(page, id)).draft.get()).toBe("half a thought");
  });

  it("that was said does not come back", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "said later");
    await turn(1_000);
    conversation.send();
    await turn(200);
    expect((await opened(page, id)).draft.get()).toBe("");
  });

  it("that was said does not come back to a conversation that was put away meanwhile", async () => {
    const page = await fakePage({ rate: 0 });
    const { id } = await typed(page, "said later");
    await turn(1_000);
    localStorage.clear();
    sessionStorage.clear();
    const conversations = conversationsOf(page);
    const conversation = conversations.show(id);
    await turn(500);
    expect(conversation.draft.get()).toBe("said later");
    conversation.send();
    await turn(500);
    await visitOthers(page, conversations);
    expect(conversations.show(id)).not.toBe(conversation);
    await turn(500);
    expect(conversations.shown.get().conversation.draft.get()).toBe("");
  });

  it("keeps what it was changed to while its conversation is put away", async () => {
    const page = await fakePage({ rate: 0 });
    const { id } = await typed(page, "before");
    await turn(1_000);
    localStorage.clear();
    sessionStorage.clear();
    const conversations = conversationsOf(page);
    const conversation = conversations.show(id);
    await turn(500);
    conversation.draft.set("after");
    await visitOthers(page, conversations);
    localStorage.clear(); // as when it is full
    conversations.show(id);
    await turn(500);
    expect(conversations.shown.get().conversation.draft.get()).toBe("after");
  });

  it("with attachments is not put away, nor is one of a temporary chat", async () => {
    const page = await fakePage({ rate: 0 });
    const conversations = conversationsOf(page);
    const [first, second] = await createdIn(page, 2);
    const full = conversations.show(first ?? "");
    full.tray.add([new File(["high at noon"], "tides.md")]);
    await full.tray.whenRead();
    const created = page.bridge.client.conversations.create({ temporary: true });
    await turn(100);
    const { id } = await created;
    const secret = conversations.show(id);
    secret.draft.set("a secret");
    const plain = conversations.show(second ?? "");
    await turn(500);
    await visitOthers(page, conversations);
    expect(conversations.find(full.key)).toBe(full);
    expect(conversations.find(secret.key)).toBe(secret);
    expect(conversations.find(plain.key)).toBeUndefined();
  });

  it("of another version of a question is not put away", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, conversations } = await typed(page, "");
    const [row = ""] = conversation.get().messages;
    conversation.edits.begin(row);
    conversation.edits.get().get(row)?.draft.set("a better question");
    await visitOthers(page, conversations);
    expect(conversations.find(conversation.key)).toBe(conversation);
    expect(conversation.edit(row)).toBe(true);
    expect(conversation.edits.get().size).toBe(0);
  });

  it("is kept again once its chat is not temporary after all", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation } = conversationsOf(page).shown.get();
    conversation.draft.set("half a question");
    conversation.tray.add([new File(["high at noon"], "tides.md")]);
    await conversation.tray.whenRead();
    await until(() => expect(keptInTab("new")).toContain("tides.md"));
    conversation.setTemporary(true);
    await until(() => expect(keptInTab("new")).toBeNull());
    conversation.setTemporary(false);
    await until(() => expect(keptInTab("new")).toContain("tides.md"));
    hidePage();
    const reopened = conversationsOf(page).shown.get().conversation;
    expect(reopened.draft.get()).toBe("half a question");
    expect(reopened.tray.get()).toMatchObject([{ name: "tides.md", state: "ready" }]);
  });

  it("of a chat that was never begun comes back with what was attached to it, too", async () => {
    const page = await fakePage({ rate: 0 });
    const { tray } = conversationsOf(page).shown.get().conversation;
    tray.add([new File(["high at noon"], "tides.md")]);
    await tray.whenRead();
    await noted(page, `attached.new.${sessionStorage.getItem("tidewire.page")}`);
    localStorage.clear();
    sessionStorage.clear();
    const anew = conversationsOf(page);
    anew.begin();
    await turn(500);
    expect(anew.shown.get().conversation.tray.get()).toMatchObject([
      { name: "tides.md", state: "ready" },
    ]);
    // The page keeps it again; the next test must not find it.
    await until(() => expect(keptInTab("new")).toContain("tides.md"));
  });

  it("comes back with what is attached after a restart", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "look");
    conversation.tray.add([new File(["high at noon"], "tides.md")]);
    await conversation.tray.whenRead();
    await noted(page, `attached.${id}`);
    const { draft, tray } = await opened(page, id);
    expect(draft.get()).toBe("look");
    expect(tray.get()).toMatchObject([{ name: "tides.md", state: "ready" }]);
    expect(await tray.get()[0]?.bytes?.text()).toBe("high at noon");
    tray.remove(tray.get()[0]?.key ?? "");
    await turn(1_000);
    expect((await opened(page, id)).tray.get()).toEqual([]);
  });

  it("comes back with what is attached to a box in which somebody types already", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "look");
    conversation.tray.add([new File(["high at noon"], "tides.md")]);
    await conversation.tray.whenRead();
    await noted(page, `attached.${id}`);
    sessionStorage.clear();
    const reopened = conversationsOf(page).show(id);
    reopened.draft.set("look here");
    await turn(500);
    expect(reopened.draft.get()).toBe("look\nlook here");
    expect(reopened.tray.get()).toMatchObject([{ name: "tides.md", state: "ready" }]);
    await until(() => expect(keptInTab(id)).toContain("tides.md"));
  });

  it("gets from the host the attachments that did not fit into the tab", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "look");
    conversation.tray.add([new File(["high at noon"], "tides.md")]);
    await conversation.tray.whenRead();
    await noted(page, `attached.${id}`);
    hidePage();
    sessionStorage.removeItem(`tidewire.attached.${id}`);
    const { draft, tray } = conversationsOf(page).show(id);
    expect(tray.get()).toMatchObject([{ name: "tides.md", state: { code: "lost" } }]);
    await turn(500);
    expect(draft.get()).toBe("look");
    expect(tray.get()).toMatchObject([{ name: "tides.md", state: "ready" }]);
    await until(() => expect(keptInTab(id)).toContain("tides.md"));
  });

  it("says by its name what was attached and is gone", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "");
    // There is no room for so much.
    const large = new File(["%PDF-1.7", "x".repeat(1_200_000)], "tides.md");
    conversation.tray.add([large, new File(["\0"], "bad.bin")]);
    await conversation.tray.whenRead();
    const { draft, tray, ...reopened } = await until(async () => {
      const found = await opened(page, id);
      expect(found.tray.get()).toMatchObject([{ name: "tides.md", state: { code: "lost" } }]);
      return found;
    });
    expect(draft.get()).toBe("");
    draft.set("in spite of that");
    expect(reopened.send()).toBe(false);
    tray.remove(tray.get()[0]?.key ?? "");
    expect(reopened.send()).toBe(true);
    await until(async () => expect((await opened(page, id)).tray.get()).toEqual([]));
  });

  it("that may not have arrived comes back with what was attached, if it has not", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "look");
    conversation.tray.add([new File(["high at noon"], "tides.md")]);
    await conversation.tray.whenRead();
    await until(() => expect(keptInTab(id)).toContain("tides.md"));
    const stored = JSON.parse(keptInTab(id) ?? "");
    const sent = { inferenceId: "inf-lost", text: "look" };
    sessionStorage.setItem("tidewire.drafts", JSON.stringify([[id, { text: "", sent }]]));
    const swapped = JSON.stringify({ typed: [], sent: stored.typed });
    sessionStorage.setItem(`tidewire.attached.${id}`, swapped);
    const reopened = conversationsOf(page).show(id);
    expect(reopened.tray.get()).toEqual([]);
    await turn(500);
    expect(reopened.draft.get()).toBe("look");
    expect(reopened.tray.get()).toMatchObject([{ name: "tides.md", state: "ready" }]);
  });

  it("of a temporary chat is stored nowhere", async () => {
    const page = await fakePage({ rate: 0 });
    await typed(page, "a secret", true);
    await turn(1_000);
    const notes = page.bridge.client.conversations.recall();
    await turn(40);
    expect(await notes).toEqual({});
  });

  it("of the host and the typed text are both kept", async () => {
    const page = await fakePage({ rate: 0 });
    const { id } = await typed(page, "half a thought");
    await turn(1_000);
    localStorage.clear();
    const conversation = conversationsOf(page).show(id);
    conversation.draft.set("another one");
    await turn(500);
    expect(conversation.draft.get()).toBe("half a thought\nanother one");
  });
});

it("a note that the host refused is not written again over a later one", async () => {
  vi.useFakeTimers();
  const requests: (string | null)[] = [];
  let refuse = () => {};
  function remember({ text }: { text: string | null }): Promise<boolean> {
    requests.push(text);
    if (text === null) return Promise.resolve(true);
    return new Promise((_, reject) => {
      refuse = () => reject(refusal("STORAGE_UNAVAILABLE", "Not now"));
    });
  }
  const conversations = { remember, recall: async () => ({}) };
  const notes = createHostStorage({ client: { conversations } } as unknown as HostPort);
  notes.remember("draft.c-1", "old");
  notes.flush();
  notes.remember("draft.c-1", null);
  refuse();
  await turn(2_000);
  expect(requests).toEqual(["old", null]);
});

it.each([
  ["is back", hostLost("Too late")],
  ["can read its database", refusal("STORAGE_UNAVAILABLE", "The database is locked")],
])("notes are asked for until the host %s", async (_, failure) => {
  vi.useFakeTimers();
  const recall = vi.fn(async () => ({ "draft.c-1": "old" }));
  recall.mockRejectedValueOnce(failure);
  const notes = createHostStorage({ client: { conversations: { recall } } } as unknown as HostPort);
  const found = notes.recall();
  await turn(3_000);
  expect(await found).toEqual(new Map([["draft.c-1", "old"]]));
});

describe("a text that a template made", () => {
  const template = { name: "review", version: "0123456789abcdef", values: { code: "x" } };

  it("has its template after a reload, and in another window", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "");
    conversation.giveBack({ ...NO_MESSAGE, text: "Review x", template });
    hidePage();
    const reopened = conversationsOf(page).show(id);
    await turn(500);
    expect([reopened.draft.get(), reopened.returned.get()?.template]).toEqual([
      "Review x",
      template,
    ]);
    const elsewhere = await opened(page, id);
    expect(elsewhere.returned.get()).toMatchObject({ text: "Review x", template });
    elsewhere.send();
    await turn(1_000);
    const view = page.bridge.client.conversations.get({ conversationId: id, limit: 10 });
    await turn(40);
    const question = (await view).messages.findLast(({ role }) => role === "user");
    expect(question).toMatchObject({ content: "Review x", template });
  });

  it("has its template in the new chat of the next window, too", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation } = conversationsOf(page, tabStorage()).shown.get();
    await turn(200);
    conversation.giveBack({ ...NO_MESSAGE, text: "Review x", template });
    await turn(1_500);
    const next = conversationsOf(page, tabStorage());
    next.begin();
    const { returned } = next.shown.get().conversation;
    await until(() => expect(returned.get()).toMatchObject({ text: "Review x", template }));
  });

  it("has none any more when the text was changed", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "");
    conversation.giveBack({ ...NO_MESSAGE, text: "Review x", template });
    conversation.draft.set("Review y");
    hidePage();
    const elsewhere = await opened(page, id);
    expect([elsewhere.draft.get(), elsewhere.returned.get()]).toEqual(["Review y", null]);
  });
});

describe("a text that a server wrote", () => {
  const written = { ...NO_MESSAGE, text: "Good morning!", untrusted: true };
  const marked = (text: string) => [{ type: "text", text, untrusted: true }];

  /** The questions at the host. */
  async function questions({ bridge }: FakePage, conversationId: string) {
    const view = bridge.client.conversations.get({ conversationId, limit: 20 });
    await turn(1_000);
    const { messages } = await view;
    return messages.filter(({ role }) => role === "user").map(({ content }) => content);
  }

  it("is sent as one, whatever becomes of it, and the next message is not", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "and mine");
    conversation.giveBack(written);
    conversation.draft.set("");
    conversation.draft.set("Good evening!");
    conversation.send();
    await turn(1_000);
    conversation.draft.set("mine alone");
    conversation.send();
    await turn(1_000);
    expect(await questions(page, id)).toEqual([
      "a question",
      marked("Good evening!"),
      "mine alone",
    ]);
  });

  it("is one when its message is refused and sent again, and the next message is not", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "");
    const send = vi.spyOn(page.bridge.client.conversations, "send");
    send.mockRejectedValueOnce(refusal("VALIDATION", "Not now"));
    conversation.giveBack(written);
    conversation.send();
    await turn(1_000);
    expect(conversation.draft.get()).toBe(written.text);
    conversation.retry();
    await turn(1_000);
    conversation.draft.set("mine alone");
    conversation.send();
    await turn(1_000);
    expect(await questions(page, id)).toEqual(["a question", marked(written.text), "mine alone"]);
  });

  it("is one in the queue, and when it comes back from there", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "first");
    conversation.send();
    conversation.giveBack(written);
    conversation.send();
    conversation.draft.set("third");
    conversation.send();
    conversation.unqueue();
    expect(conversation.draft.get()).toBe("Good morning!\nthird");
    conversation.send();
    await turn(2_000);
    expect((await questions(page, id)).at(-1)).toEqual(marked("Good morning!\nthird"));
  });

  it("is one after a reload, from a queue, and in another window", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "first");
    conversation.send();
    conversation.giveBack(written);
    conversation.send();
    hidePage();
    const reopened = conversationsOf(page).show(id);
    await turn(500);
    expect(reopened.draft.get()).toBe("Good morning!");
    reopened.draft.set("Good evening!");
    hidePage();
    const elsewhere = await opened(page, id);
    expect(elsewhere.draft.get()).toBe("Good evening!");
    elsewhere.send();
    await turn(1_000);
    expect((await questions(page, id)).at(-1)).toEqual(marked("Good evening!"));
  });

  it("is one when it was on its way in a reload", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation } = conversationsOf(page).shown.get();
    conversation.giveBack(written);
    conversation.send();
    hidePage();
    const reopened = conversationsOf(page).shown.get().conversation;
    expect(reopened.draft.get()).toBe("Good morning!");
    reopened.send();
    await turn(1_000);
    expect(await questions(page, reopened.get().id ?? "")).toEqual([marked("Good morning!")]);
  });

  it("is one in other versions of the question, also after a reload", async () => {
    const page = await fakePage({ rate: 0 });
    const { conversation, id } = await typed(page, "");
    conversation.giveBack(written);
    conversation.send();
    await turn(1_000);
    conversation.editLast();
    const [[row, edit] = []] = conversation.edits.get();
    edit?.draft.set("Good evening!");
    conversation.edit(row ?? "");
    await turn(1_000);
    expect(await questions(page, id)).toEqual(["a question", marked("Good evening!")]);
    conversation.editLast();
    hidePage();
    const reopened = conversationsOf(page).show(id);
    await turn(500);
    const [[reopenedRow, reopenedEdit] = []] = reopened.edits.get();
    reopenedEdit?.draft.set("Good night!");
    reopened.edit(reopenedRow ?? "");
    await turn(1_000);
    expect((await questions(page, id)).at(-1)).toEqual(marked("Good night!"));
  });
});
