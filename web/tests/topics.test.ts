/** The host's state is pushed, and survives a lost connection. */
import { waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { AnyTopic, StoreState } from "../src/bridge/contract";
import { importFile } from "../src/conversations/importFile";
import { createList } from "../src/conversations/list";
import { fakePage, manualPage, turn } from "./support";

afterEach(() => void vi.useRealTimers());

const topic = (version: number): AnyTopic => ({
  channel: "topic",
  name: "store",
  key: "",
  value: { version, summaries: 0, problem: null, remarks: [] },
});

it("gives listeners the latest value, and forgets it with the connection", async () => {
  const { transport, bridge } = await manualPage();
  const values: (StoreState | undefined)[] = [];
  const stop = bridge.topics.on("store", (value) => values.push(value));
  transport.push(topic(1), topic(2));
  transport.push({ ...topic(3), name: "unheard-of" });
  expect(values.map((value) => value?.version)).toEqual([1, 2]);
  expect(bridge.topics.get("store")?.version).toBe(2);
  transport.peer.lost("gone");
  expect(values.at(-1)).toBeUndefined();
  expect(bridge.topics.get("store")).toBeUndefined();
  stop();
  transport.push(topic(4));
  expect(values).toHaveLength(3);
});

it("has the values of a push before its replies are settled", async () => {
  const { transport, bridge } = await manualPage();
  const seen = bridge.client.conversations.list().then(() => bridge.topics.get("store")?.version);
  await waitFor(() => expect(transport.calls()).toHaveLength(1));
  const id = transport.calls()[0]?.id ?? 0;
  transport.push(topic(7), { channel: "reply", id, ok: true, value: [] });
  expect(await seen).toBe(7);
});

it("lists the conversations again when the host comes back", async () => {
  const { transport, bridge, llm } = await fakePage({ away: 100, memory: "none" });
  const { client, router, topics } = bridge;
  const list = createList({ client, router, topics, llm });
  const unwatch = list.watch();
  await turn(500);
  const hostCall = vi.spyOn(transport.host, "call");
  await turn(500);
  expect(hostCall).not.toHaveBeenCalled();
  transport.disconnect();
  await turn(1_000);
  expect(hostCall).toHaveBeenCalledWith("conversations.list", undefined);
  expect(list.get().phase).toBe("open");
  unwatch();
});

it("fetches the list once for a change of this page, and not again when nothing has changed", async () => {
  const { transport, bridge, llm } = await fakePage();
  const { client, router, topics } = bridge;
  const creation = client.conversations.create({});
  await turn(100);
  const { id } = await creation;
  void client.conversations.send({ conversationId: id, content: "a" });
  await turn(2_000);
  const list = createList({ client, router, topics, llm });
  const unwatch = list.watch();
  await turn(500);
  const [before] = list.get().items;
  const hostCall = vi.spyOn(transport.host, "call");
  const fetches = () =>
    hostCall.mock.calls.filter(([method]) => method === "conversations.list").length;
  const rename = (title: string) => client.conversations.rename({ conversationId: id, title });
  const renamed = list.optimistic(
    (items) => items.map((item) => ({ ...item, title: "sea" })),
    () => rename("sea"),
  );
  await turn(1_000);
  await renamed;
  expect(list.get().items[0]?.title).toBe("sea");
  expect(fetches()).toBe(1);
  // A change that the host refuses is reverted without a fetch.
  const refused = list.optimistic(
    () => [],
    () => client.conversations.rename({ conversationId: "nobody", title: "x" }),
  );
  expect(list.get().items).toEqual([]);
  const rejection = expect(refused).rejects.toThrow();
  await turn(1_000);
  await rejection;
  expect(list.get().items[0]).toEqual({ ...before, title: "sea", updatedAt: expect.any(Number) });
  expect(fetches()).toBe(1);
  unwatch();
});

it("rejects an import that the host forgot", async () => {
  const { transport, bridge, llm } = await manualPage();
  const { client, router, topics } = bridge;
  const file = new File(["[]"], "c.json");
  const failed = importFile({ client, router, topics, llm }, file, () => {}).result.catch(
    (error: Error) => error.message,
  );
  await waitFor(() => expect(transport.calls()).toHaveLength(1));
  const value = {
    importId: "i",
    state: "running" as const,
    readBytes: 0,
    totalBytes: 2,
    conversations: 0,
    messages: 0,
    skipped: 0,
    remarks: [],
    failure: null,
  };
  transport.push({ channel: "topic", name: "import", key: "i", value });
  transport.reply(transport.calls()[0], "i");
  await waitFor(() => expect(transport.calls()).toHaveLength(2));
  transport.reply(transport.calls()[1], 2);
  transport.peer.lost("gone");
  transport.peer.connected();
  await transport.welcome();
  expect(await failed).toMatch(/no longer has this import/);
});
