/** `window.llm` has the reference design's signatures. Most of this is checked by tsc. */
import { expect, it } from "vitest";
import { CHANNELS, type Channel, type ChannelTable } from "../src/bridge/eventRouter";
import type { Llm, Subscriptions } from "../src/bridge/llmApi";
import type { Reference, ReferenceApi } from "./reference";
import { manualPage, settled, tokenEvent } from "./support";

type Given<Name extends keyof Reference> = Llm[Name] extends Reference[Name] ? true : false;

// shows: D59, D60
it("has every method and callback of the design in the design's types, but for one", () => {
  const same: { [Name in Exclude<keyof Reference, "onLlmDone">]: Given<Name> & true } = {
    llmInference: true,
    llmCancel: true,
    llmCreateSession: true,
    llmDestroySession: true,
    llmRunSession: true,
    llmGetStatus: true,
    onLlmToken: true,
    onLlmThinking: true,
    onLlmError: true,
  };
  // A run can end with `tool_calls` or `other`, which the design does not know.
  const other: Given<"onLlmDone"> = false;
  const api = (llm: Llm): ReferenceApi => llm;
  expect([Object.values(same).every(Boolean), other, typeof api]).toEqual([
    true,
    false,
    "function",
  ]);
});

it("knows every channel of the contract, and has a subscription for each", () => {
  const table: ChannelTable = CHANNELS;
  // @ts-expect-error a new event of the contract is missing in the router's table
  const stale: ChannelTable<Channel | "llm:new"> = CHANNELS;
  const names = Object.keys(table).map(
    (name) => `onLlm${name.charAt(4).toUpperCase()}${name.slice(5)}`,
  );
  const token: keyof Subscriptions = "onLlmToken";
  expect(stale).toBe(table);
  expect(names).toContain(token);
});

// shows: B25
it("counts the token events that the page is given, joined or not, and leaves seq and count", async () => {
  const { transport, llm } = await manualPage();
  const batches: number[][] = [];
  llm.onLlmToken(({ index, seq, count }) => batches.push([index, seq, count]));
  transport.push({ ...tokenEvent("inf-1", 2, "abc"), count: 3 } as ReturnType<typeof tokenEvent>);
  transport.push(tokenEvent("inf-1", 5, "d"), tokenEvent("inf-2", 0, "x"));
  expect(batches).toEqual([
    [0, 2, 3],
    [1, 5, 1],
    [0, 0, 1],
  ]);
});

// shows: D23, D68, D69
it("holds a run's events until its caller has the id that the page chose for it", async () => {
  const { transport, llm } = await manualPage();
  let id = "";
  const tokens: string[] = [];
  llm.onLlmToken((event) => tokens.push(event.inferenceId === id ? event.token : "lost"));
  const wrapped = async () => await (async () => await llm.llmInference(request))();
  const started = wrapped().then((startedId) => {
    id = startedId;
  });
  await settled();
  const [call] = transport.calls();
  const { inferenceId: chosen } = { inferenceId: "", ...(call?.params as object) };
  transport.reply(call, chosen);
  transport.push(tokenEvent(chosen, 0, "a"), tokenEvent(chosen, 1, "b"));
  expect(tokens).toEqual([]);
  await started;
  await expect.poll(() => tokens).toEqual(["a", "b"]);
});

const request = { providerId: "echo", messages: [{ role: "user" as const, content: "" }] };
