/** Keys, clicks and the cursor in the message box, over the fake host. */
import { act, fireEvent, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/App";
import type { FakeSettings } from "../src/bridge/fake/settings";
import type { Shell } from "../src/bridge/llmApi";
import { createConversations } from "../src/conversations/conversations";
import { createSettings } from "../src/settings/settings";
import { fakePage, turn, until } from "./support";

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
  sessionStorage.clear();
});

async function openPage(settings: Partial<FakeSettings> = {}) {
  const page = await fakePage({ rate: 100, ...settings });
  const { bridge, llm } = page;
  const conversations = createConversations({
    host: { client: bridge.client, router: bridge.router, topics: bridge.topics, llm },
  });
  conversations.begin();
  const shell = { openWindow: vi.fn(), openLink: vi.fn() } as unknown as Shell;
  const known = createSettings(bridge, () => {});
  render(<App {...{ bridge, shell, conversations, sharedRun: null }} settings={known} />);
  await turn(100);
  return { ...page, conversations, person: userEvent.setup({ delay: null }) };
}

const box = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message" });

describe("the cursor", () => {
  it("stays in place when there is no prompt to step to", async () => {
    const { person } = await openPage();
    await person.type(box(), "a tide");
    await person.keyboard("{Control>}{ArrowDown}{ArrowUp}{/Control}");
    await turn(40);
    await person.type(box(), "low ", { initialSelectionStart: 2, initialSelectionEnd: 2 });
    expect(box().value).toBe("a low tide");
    expect(box().selectionStart).toBe(6);
  });

  it("is behind a prompt that was stepped to", async () => {
    const { person } = await openPage({ rate: 0 });
    await person.type(box(), "a tide{Enter}");
    await turn(2_000);
    await person.keyboard("{Control>}{ArrowUp}{/Control}");
    await turn(40);
    expect(box().value).toBe("a tide");
    expect(box().selectionStart).toBe(6);
  });
});

describe("Enter while a file is read", () => {
  /** A file that is being read until `read` is called. */
  async function attaching() {
    const page = await openPage();
    await page.person.type(box(), "hello{Enter}");
    await turn(2_000);
    const file = new File([], "tide.txt", { type: "text/plain" });
    let finish = (_bytes: ArrayBuffer) => {};
    const bytes = new Promise<ArrayBuffer>((resolve) => {
      finish = resolve;
    });
    Object.assign(file, { arrayBuffer: () => bytes });
    const { conversation } = page.conversations.shown.get();
    act(() => conversation.tray.add([file]));
    await page.person.type(box(), "look{Enter}");
    return {
      ...page,
      async read() {
        finish(new TextEncoder().encode("low tide").buffer);
        await act(() => conversation.tray.whenRead());
        await turn(2_000);
      },
    };
  }
  const note = () => screen.queryByText("Sends when the files are ready.");
  const questions = () => document.querySelectorAll(".message.user").length;

  it("says that it waits, and sends then", async () => {
    const { read } = await attaching();
    expect(note()).toBeTruthy();
    expect(questions()).toBe(1);
    await read();
    await until(() => expect(questions()).toBe(2));
    expect(note()).toBeNull();
  });

  it("can be taken back", async () => {
    const { person, read } = await attaching();
    await person.click(screen.getByRole("button", { name: "Cancel" }));
    expect(note()).toBeNull();
    expect(document.activeElement).toBe(box());
    await read();
    expect(questions()).toBe(1);
    expect(box().value).toBe("look");
  });

  it("is forgotten in another conversation", async () => {
    const { conversations, read } = await attaching();
    act(() => conversations.showNew());
    expect(note()).toBeNull();
    await read();
    expect(questions()).toBe(0);
    expect(conversations.shown.get().conversation.draft.get()).toBe("");
  });
});

describe("Send", () => {
  it("stops nothing by the second click of a double click", async () => {
    const { person, transport } = await openPage();
    await person.type(box(), Array.from({ length: 40 }, (_, at) => `word${at}`).join(" "));
    await person.dblClick(screen.getByRole("button", { name: "Send" }));
    await turn(100);
    const [run] = [...transport.host.runs.values()];
    expect(run).toBeTruthy();
    expect(screen.getByRole("button", { name: "Stop" }).getAttribute("aria-busy")).toBe("false");
    await person.click(screen.getByRole("button", { name: "Stop" }));
    await turn(1_000);
    expect(screen.getByText("Stopped")).toBeTruthy();
  });
});

describe("Stop", () => {
  it.each([
    ["button", "[MouseLeft>]", "[/MouseLeft]"],
    ["space bar", "[Space>]", "[/Space]"],
  ])("sends no draft when the answer ends under the pressed %s", async (_, down, up) => {
    const { person, conversations } = await openPage();
    const { conversation } = conversations.shown.get();
    act(() => void conversation.send(Array.from({ length: 40 }, (_, at) => `word${at}`).join(" ")));
    act(() => conversation.draft.set("half a thou"));
    await turn(100);
    const stop = screen.getByRole("button", { name: "Stop" });
    act(() => stop.focus());
    const press = (keys: string) =>
      keys.includes("Mouse") ? person.pointer({ keys, target: stop }) : person.keyboard(keys);
    await press(down);
    await turn(2_000);
    expect(conversation.isBusy()).toBe(false);
    await press(up);
    await turn(40);
    expect(box().value).toBe("half a thou");
    await person.click(screen.getByRole("button", { name: "Send" }));
    expect(box().value).toBe("");
  });
});

describe("a held Enter", () => {
  it("sends nothing", async () => {
    const { person } = await openPage();
    await person.type(box(), "half a thou");
    fireEvent.keyDown(box(), { key: "Enter", repeat: true });
    expect(box().value).toBe("half a thou");
  });

  it("neither sends nor cancels the edit that it has opened", async () => {
    const { person, conversations } = await openPage({ rate: 0 });
    await person.type(box(), "a tide{Enter}");
    await turn(2_000);
    await person.keyboard("{ArrowUp}");
    const editor = screen.getByRole("textbox", { name: "Edit your question" });
    fireEvent.keyDown(editor, { key: "Enter", repeat: true });
    fireEvent.keyDown(editor, { key: "Escape", repeat: true });
    expect(conversations.shown.get().conversation.edits.get().size).toBe(1);
  });
});

it("removes all files that cannot be sent at once", async () => {
  const { person, conversations } = await openPage();
  const { tray } = conversations.shown.get().conversation;
  act(() => tray.add(["a", "b", "c"].map((name) => new File(["\0"], `${name}.bin`))));
  act(() => tray.add([new File(["low tide"], "tides.md")]));
  await act(() => tray.whenRead());
  await person.click(screen.getByRole("button", { name: /^Remove the 3 files/ }));
  expect(tray.get().map(({ name }) => name)).toEqual(["tides.md"]);
  expect(document.activeElement).toBe(box());
});
