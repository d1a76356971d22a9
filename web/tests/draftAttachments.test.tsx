/** Pictures and files in the chat as a person uses them, over the fake host. */
import {
  act,
  cleanup,
  createEvent,
  fireEvent,
  render,
  screen,
  within,
} from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/App";
import type { ModelSummary } from "../src/bridge/contract";
import { followDefaults } from "../src/bridge/defaultModel";
import type { Shell } from "../src/bridge/llmApi";
import { type Conversations, createConversations } from "../src/conversations/conversations";
import { strings } from "../src/i18n";
import { createSettings } from "../src/settings/settings";
import { type FakePage, fakePage, turn, until } from "./support";

const PNG = Uint8Array.from("\x89PNG\r\n\x1a\n!", (letter) => letter.charCodeAt(0));
const png = (name = "tide.png") => new File([PNG], name, { type: "image/png" });
const box = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message" });
const editor = () =>
  screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Edit your question" });
const LONG = Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ");
const chips = () =>
  within(screen.getByRole("list", { name: "Attachments" })).queryAllByRole("listitem");
const noChips = () => screen.queryByRole("list", { name: "Attachments" }) === null;
const answers = () =>
  [...document.querySelectorAll(".message.assistant .message-text")].map(
    (answer) => answer.textContent,
  );

interface ShownPage {
  readonly page: FakePage;
  readonly conversations: Conversations;
}

/** The tab's storage, new for each test, since attachments are written a little later. */
let tab: Map<string, string>;

function storageOver(values: Map<string, string>): Storage {
  return {
    getItem: (name: string) => values.get(name) ?? null,
    setItem: (name: string, text: string) => void values.set(name, text),
    removeItem: (name: string) => void values.delete(name),
  } as Storage;
}

beforeEach(() => {
  tab = new Map();
  vi.stubGlobal("createImageBitmap", async () => ({ width: 6, height: 4, close: () => {} }));
});

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
  sessionStorage.clear();
});

async function openPage(model: Partial<ModelSummary> = {}, page?: FakePage): Promise<ShownPage> {
  const host = page ?? (await fakePage({ rate: 0 }));
  const { bridge, llm } = host;
  const conversations = createConversations({
    host: { client: bridge.client, router: bridge.router, topics: bridge.topics, llm },
    defaults: followDefaults(bridge),
    storage: storageOver(tab),
  });
  conversations.begin();
  const takes = { images: true, files: true, contextTokens: null, ...model };
  const settings = createSettings(bridge, () => {});
  vi.spyOn(settings.providers, "describe").mockImplementation(async ({ modelId: id }) => {
    return { id, name: id, ...takes, ...(id === "blind" && { images: false }) } as ModelSummary;
  });
  const shell = { openWindow: vi.fn(), openLink: vi.fn() } as unknown as Shell;
  render(<App {...{ bridge, shell, conversations, settings, sharedRun: null }} />);
  await turn(100);
  return { page: host, conversations };
}

/** Waits until all attachments have been read. */
async function read(conversations: Conversations): Promise<void> {
  await act(() => conversations.shown.get().conversation.tray.whenRead());
  await turn(40);
}

/** Waits until the attachment would survive a reload. */
async function untilStored(name: string): Promise<void> {
  await until(() => expect([...tab.values()].join()).toContain(name));
}

function paste(...files: File[]): void {
  const clipboardData = { files, types: ["Files"], getData: () => "" };
  fireEvent(box(), createEvent.paste(box(), { clipboardData }));
}

const type = (text: string) => fireEvent.change(box(), { target: { value: text } });
const press = (key: string, more: object = {}) => fireEvent.keyDown(box(), { key, ...more });

/** Until these are the answers and nothing is under way. */
async function answered(...texts: string[]): Promise<void> {
  await until(() => {
    expect(answers()).toEqual(texts);
    expect(document.querySelector("[aria-busy=true]")).toBeNull();
  });
}

describe("a message with a picture", () => {
  it("is sent with it, also without words, and shows it at once", async () => {
    const { conversations } = await openPage();
    paste(png());
    expect(screen.getByText("Reading…")).toBeTruthy();
    await read(conversations);
    expect(chips()[0]?.textContent).toContain("tide.png9 bytes");
    press("Enter");
    await turn(0);
    expect(noChips()).toBe(true);
    await answered("I got: picture (image/png, 9 bytes)");
    expect(screen.getByRole("button", { name: "tide.png" })).toBeTruthy();
  });

  it("loses one attachment for each press of Delete, however long it is held", async () => {
    const { conversations } = await openPage();
    paste(png("ebb.png"), png("flood.png"));
    await read(conversations);
    const button = within(chips()[0] as HTMLElement).getByRole("button");
    act(() => button.focus());
    fireEvent.keyDown(button, { key: "Delete" });
    await turn(40);
    fireEvent.keyDown(document.activeElement as HTMLElement, { key: "Delete", repeat: true });
    await turn(40);
    expect(chips().map((chip) => chip.textContent)).toEqual([expect.stringContaining("flood")]);
  });

  it("waits for what is still being read", async () => {
    await openPage();
    paste(png());
    type("look");
    press("Enter");
    await answered("look\nI got: picture (image/png, 9 bytes)");
  });

  it("is refused in its own conversation alone", async () => {
    const { conversations } = await openPage({ images: false });
    paste(png());
    await read(conversations);
    press("Enter");
    await until(() => screen.getByRole("alert"));
    const { conversation } = conversations.shown.get();
    const created = conversations.show("kept-other");
    created.tray.put(conversation.tray.get());
    await turn(100);
    expect(noChips()).toBe(false);
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("is refused with a sentence where the model takes none, and goes to another one", async () => {
    const { conversations } = await openPage({ images: false });
    paste(png());
    await read(conversations);
    expect(chips()[0]?.textContent).toContain("doesn't accept images");
    type("look");
    press("Enter");
    await until(() =>
      expect(screen.getByRole("alert").textContent).toContain("choose another model"),
    );
    expect(box().value).toBe("look");
    expect(document.querySelector(".message")).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: "Remove tide.png" }));
    await turn(20);
    expect(screen.queryByRole("alert")).toBeNull();
    press("Enter");
    await answered("look");
  });

  it("comes back with its words when the host refuses it", async () => {
    const { page, conversations } = await openPage();
    const busy = Array.from({ length: 5 }, (_, n) => `inf-busy-${n}`);
    for (const inferenceId of busy) {
      const messages = [{ role: "user" as const, content: "/stall" }];
      void page.bridge.client.llm.inference({ messages, providerId: "local", inferenceId });
    }
    await turn(100);
    paste(png());
    await read(conversations);
    type("too much at once");
    press("Enter");
    await until(() => expect(document.querySelector("[data-code=LIMIT]")).not.toBeNull());
    expect(box().value).toBe("too much at once");
    expect(chips()).toHaveLength(1);
    expect(document.querySelector(".message")).toBeNull();
    await untilStored("tide.png");
  });

  it("keeps it when it is edited, unless it is taken away", async () => {
    const { conversations } = await openPage();
    paste(png("a.png"), png("b.png"));
    await read(conversations);
    type("two");
    press("Enter");
    await answered("two\nI got: picture (image/png, 9 bytes); picture (image/png, 9 bytes)");
    press("ArrowUp");
    await turn(20);
    expect(chips()).toHaveLength(2);
    fireEvent.click(screen.getByRole("button", { name: "Remove a.png" }));
    fireEvent.change(editor(), { target: { value: "one" } });
    fireEvent.keyDown(editor(), { key: "Enter" });
    await answered("one\nI got: picture (image/png, 9 bytes)");
  });

  it("can be edited for a model that has been chosen since", async () => {
    const { conversations } = await openPage();
    const { conversation } = conversations.shown.get();
    paste(png());
    await read(conversations);
    press("Enter");
    await answered("I got: picture (image/png, 9 bytes)");
    press("ArrowUp");
    await turn(20);
    await act(async () => conversation.choose({ providerId: "p", modelId: "blind" }));
    fireEvent.keyDown(editor(), { key: "Enter" });
    await until(() => screen.getByRole("alert"));
    await act(async () => conversation.choose({ providerId: "p", modelId: "other" }));
    await until(() => expect(screen.queryByRole("alert")).toBeNull());
  });
});

describe("a question that is being edited", () => {
  it("waits while something else is answered", async () => {
    await openPage({}, await fakePage({ rate: 100 }));
    type("first");
    press("Enter");
    await answered("first");
    press("ArrowUp");
    await turn(20);
    fireEvent.change(editor(), { target: { value: "another first" } });
    type(LONG);
    press("Enter");
    await turn(100);
    expect(screen.getByText(strings.editWaits)).toBeTruthy();
    fireEvent.keyDown(editor(), { key: "Enter" });
    await turn(40);
    expect(editor().value).toBe("another first");
    await turn(2_000);
    expect(answers()).toEqual(["first", LONG]);
    expect(screen.getByText(strings.editKeeps)).toBeTruthy();
    fireEvent.keyDown(editor(), { key: "Enter" });
    await turn(1_000);
    expect(answers()).toEqual(["another first"]);
  });

  it("is still there, with its text, after a look at another conversation", async () => {
    const { conversations } = await openPage();
    type("first");
    press("Enter");
    await answered("first");
    const { id } = conversations.shown.get().conversation.get();
    press("ArrowUp");
    await turn(20);
    fireEvent.change(editor(), { target: { value: "another first" } });
    await act(async () => conversations.showNew());
    expect(screen.queryByRole("textbox", { name: "Edit your question" })).toBeNull();
    await act(async () => void conversations.show(id ?? ""));
    await turn(100);
    expect(editor().value).toBe("another first");
    expect(document.activeElement).toBe(box());
    fireEvent.click(screen.getByRole("button", { name: "Cancel" }));
    expect(screen.queryByRole("textbox", { name: "Edit your question" })).toBeNull();
  });
});

describe("a draft with a picture", () => {
  it("waits in its conversation and over a reload", async () => {
    const { page, conversations } = await openPage();
    type("a place");
    press("Enter");
    await answered("a place");
    const { id } = conversations.shown.get().conversation.get();
    paste(png());
    await read(conversations);
    act(() => conversations.showNew());
    expect(noChips()).toBe(true);
    act(() => void conversations.show(id ?? ""));
    expect(chips()).toHaveLength(1);
    await untilStored("tide.png");
    cleanup();
    await openPage({}, page);
    await until(() => expect(chips()[0]?.textContent).toContain("tide.png9 bytes"));
  });

  it("is nowhere but in memory when the chat is temporary", async () => {
    const { conversations } = await openPage();
    act(() => conversations.showNew(true));
    paste(png());
    await read(conversations);
    expect(chips()).toHaveLength(1);
    await turn(100);
    expect([...tab.values(), JSON.stringify(localStorage)].join()).not.toContain("tide.png");
  });

  it("goes next when the answer is complete", async () => {
    const { conversations } = await openPage();
    type("/delay 3000\nfirst");
    press("Enter");
    await turn(100);
    paste(png());
    await read(conversations);
    type("second");
    press("Enter", { ctrlKey: true });
    await turn(20);
    expect(screen.getByText("Queued: second + 1 attachment")).toBeTruthy();
    expect(noChips()).toBe(true);
    await until(() => expect(answers().at(-1)).toBe("second\nI got: picture (image/png, 9 bytes)"));
  });
});

describe("files over the chat", () => {
  const main = () => document.querySelector("main") as HTMLElement;
  const veil = () => screen.queryByText("Drop images or files here");

  function drag(kind: "dragLeave" | "drop" | "dragOver", files: File[], to: Node | null = null) {
    const dataTransfer = { files, types: ["Files"], dropEffect: "none" };
    const event = createEvent[kind](main(), { dataTransfer });
    Object.defineProperty(event, "relatedTarget", { value: to });
    return fireEvent(main(), event);
  }

  it("are veiled, and taken when they are dropped", async () => {
    const { conversations } = await openPage();
    drag("dragOver", [png()]);
    drag("dragLeave", [png()], box());
    expect(veil()).not.toBeNull();
    expect(drag("drop", [png()])).toBe(false);
    expect(veil()).toBeNull();
    await read(conversations);
    expect(chips()).toHaveLength(1);
    expect(document.activeElement).toBe(box());
  });

  it("are veiled no longer when they are gone, whatever was replaced below them", async () => {
    await openPage();
    const dataTransfer = { files: [png()], types: ["Files"] };
    const removed = main().appendChild(document.createElement("p"));
    fireEvent.dragEnter(main(), { dataTransfer });
    fireEvent.dragEnter(removed, { dataTransfer });
    removed.remove(); // which says that it was left to nobody
    drag("dragOver", [png()]);
    expect(veil()).not.toBeNull();
    drag("dragLeave", [png()]);
    expect(veil()).toBeNull();
  });

  it("do not replace the page when they are dropped elsewhere", async () => {
    await openPage();
    const drop = createEvent.drop(document.body, { dataTransfer: { files: [], types: ["Files"] } });
    expect(fireEvent(document.body, drop)).toBe(false);
    const words = { files: [], types: ["text/plain"] };
    const other = createEvent.drop(document.body, { dataTransfer: words });
    expect(fireEvent(document.body, other)).toBe(true);
  });
});

describe("a question for a new chat", () => {
  it("comes with what was attached, before what stands there", async () => {
    const { page, conversations } = await openPage();
    type("later");
    const { conversation: fresh } = conversations.shown.get();
    const { id } = await created();
    await act(async () => void conversations.show(id));
    await turn(100);
    paste(png());
    await read(conversations);
    type("/error CONTEXT_LENGTH");
    press("Enter");
    const name = "Ask in a new chat";
    fireEvent.click(await until(() => screen.getByRole("button", { name })));
    await turn(100);
    expect(conversations.shown.get().conversation).toBe(fresh);
    expect(box().value).toBe("/error CONTEXT_LENGTH\nlater");
    expect(chips()).toHaveLength(1);

    async function created() {
      const creation = page.bridge.client.conversations.create({});
      await turn(40);
      return await creation;
    }
  });
});

describe("earlier prompts", () => {
  it("comes back key by key, and the draft at the end", async () => {
    const { conversations } = await openPage();
    for (const text of ["first", "second"]) {
      type(text);
      press("Enter");
      await answered(text);
      act(() => conversations.showNew());
      await turn(20);
    }
    type("my own");
    const seen: string[] = [];
    const steps = ["ArrowUp", "ArrowUp", "ArrowUp", "ArrowDown", "ArrowDown", "ArrowDown"];
    for (const key of steps) {
      press(key, { ctrlKey: true });
      await turn(40);
      seen.push(box().value);
    }
    expect(seen).toEqual(["second", "first", "first", "second", "my own", "my own"]);
    press("ArrowUp", { altKey: true });
    await turn(40);
    // Changes made while browsing are still there on the way back, and so is the draft.
    type("second thoughts");
    press("ArrowDown", { altKey: true });
    await turn(40);
    expect(box().value).toBe("my own");
    press("ArrowUp", { altKey: true });
    await turn(40);
    press("ArrowDown", { altKey: true });
    await turn(40);
    expect(box().value).toBe("my own");
  });

  it("leads back to the draft of its own conversation, also when it was asked again", async () => {
    const { conversations } = await openPage();
    type("first");
    press("Enter");
    await answered("first");
    const { key } = conversations.shown.get().conversation;
    type("my own");
    press("ArrowUp", { ctrlKey: true });
    await turn(40);
    type("first, but better");
    act(() => conversations.showNew());
    await turn(20);
    type("elsewhere");
    press("ArrowDown", { ctrlKey: true });
    await turn(40);
    expect(box().value).toBe("elsewhere");
    await act(async () => void conversations.show(key));
    expect(box().value).toBe("first, but better");
    press("Enter");
    await answered("first", "first, but better");
    expect(box().value).toBe("");
    press("ArrowDown", { ctrlKey: true });
    await turn(40);
    expect(box().value).toBe("my own");
  });
});

describe("an input method", () => {
  it.each([
    ["Chromium's order", { isComposing: true, keyCode: 229 }],
    ["Firefox's order", { isComposing: true, keyCode: 13 }],
    ["WebKit's order", { isComposing: false, keyCode: 229 }],
  ])("keeps its Enter in %s", async (_, key) => {
    await openPage();
    type("潮");
    fireEvent.compositionStart(box());
    if (!key.isComposing) fireEvent.compositionEnd(box());
    press("Enter", key);
    press("ArrowUp", { ...key, ctrlKey: true });
    await turn(40);
    expect(box().value).toBe("潮");
    expect(document.querySelector(".message")).toBeNull();
    press("Enter", { keyCode: 13 });
    await answered("潮");
  });
});
