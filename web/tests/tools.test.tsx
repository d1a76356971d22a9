/** Tools around the transcript: the fake host's calls, the choice, the menu, the banner, the settings. */
import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ModelSummary, ToolSummary, WaitingConversation } from "../src/bridge/contract";
import type { FakeSettings } from "../src/bridge/fake/settings";
import { invalid } from "../src/bridge/hostError";
import { createAnswerChoice } from "../src/conversations/answerOptions";
import { createConversations } from "../src/conversations/conversations";
import type { HostStorage } from "../src/conversations/hostStorage";
import { ConversationsContext } from "../src/conversations/useConversations";
import { Chat } from "../src/features/chat/Chat";
import { Tools } from "../src/features/settings/Tools";
import { createStore } from "../src/lib/store";
import { createSettings } from "../src/settings/settings";
import { requestName } from "../src/settings/toolNames";
import { SettingsContext } from "../src/settings/useSettings";
import { createToastStore, ToastsContext } from "../src/ui/toasts/toastStore";
import { fakePage, turn } from "./support";

beforeEach(() => {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      unobserve() {}
      disconnect() {}
    },
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  sessionStorage.clear();
  localStorage.clear();
});

const card = (tool: string) => screen.getByRole("group", { name: `Approve ${tool}` });
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

async function chat(overrides: Partial<FakeSettings> = {}) {
  const { bridge, llm } = await fakePage({ rate: 0, ...overrides });
  const { client, router, topics } = bridge;
  const conversations = createConversations({
    host: { client, llm, router, topics },
    defaults: createStore({ providerId: "local", modelId: "m" }),
  });
  const settings = createSettings(bridge, () => {});
  const describe = vi.spyOn(settings.providers, "describe");
  conversations.begin();
  const { conversation } = conversations.shown.get();
  const sent = vi.spyOn(client.conversations, "send");
  render(
    <ConversationsContext value={conversations}>
      <SettingsContext value={settings}>
        <ToastsContext value={createToastStore()}>
          <Chat header={{ title: "Tides" }} notice={null} />
        </ToastsContext>
      </SettingsContext>
    </ConversationsContext>,
  );
  return { conversation, conversations, client, topics, describe, sent };
}

async function afterTurn<T>(call: Promise<T>): Promise<T> {
  await turn(100);
  return call;
}

async function ask(text: string): Promise<void> {
  const box = screen.getByRole("textbox", { name: "Message" });
  fireEvent.change(box, { target: { value: text } });
  fireEvent.keyDown(box, { key: "Enter" });
  await turn(700);
}

describe("the fake host", () => {
  it("plays a call that waits, takes the decision and goes on", async () => {
    await chat();
    await ask('/call send_mail {"to": "ann"}\n/then\n/text Sent.');
    await turn(600);
    expect(card("send_mail").textContent).toContain('"ann"');
    press("Allow once");
    await turn(1_000);
    expect(screen.queryByRole("group", { name: "Approve send_mail" })).toBeNull();
    expect(document.querySelector("summary")?.textContent).toContain("Done");
    expect(document.querySelector(".message-text:last-of-type")).not.toBeNull();
    expect(document.body.textContent).toContain("Sent.");
  });

  it("shows every state of a call in one recorded stream, and keeps it", async () => {
    const { conversation } = await chat({ stream: "calls" });
    await ask("show me");
    await turn(1_500);
    const states = () =>
      [...document.querySelectorAll("details")].map((details) => details.dataset.state);
    const all = [
      "done",
      "failed",
      "timed_out",
      "denied",
      "cancelled",
      "lost",
      "invalid",
      "running",
    ];
    expect(states()).toEqual(all);
    expect(screen.getAllByRole("button", { name: "Allow once" })).toHaveLength(2);
    expect(screen.getByText("Waiting for 2 decisions")).not.toBeNull();
    expect(card("send_mail").textContent).toContain("content from strangers");
    await conversation.open();
    fireEvent.click(screen.getAllByRole("button", { name: "Deny" })[0] as HTMLElement);
    await turn(200);
    expect(screen.getByText("Waiting for your decision")).not.toBeNull();
  });
});

it("a permission says how many of the latest calls it would have been for", async () => {
  await chat();
  await ask('/call send_mail {"to": "ann"}');
  await turn(1_000);
  press("Always allow…");
  await turn(100);
  expect(document.body.textContent).toContain("It would have allowed 4 of the last 6 calls.");
  fireEvent.change(screen.getByLabelText("Rule for to"), { target: { value: "any" } });
  await turn(100);
  expect(document.body.textContent).toContain("It would have allowed 6 of the last 6 calls.");
});

describe("a page in the background", () => {
  it("marks its title while a call waits", async () => {
    const focus = vi.spyOn(document, "hasFocus").mockReturnValue(true);
    await chat();
    await ask('/call send_mail {"to": "ann"}');
    expect(document.title).toBe("Tides – Tidewire");
    focus.mockReturnValue(false);
    act(() => void dispatchEvent(new Event("blur")));
    expect(document.title).toBe("(!) Tides – Tidewire");
    focus.mockReturnValue(true);
    act(() => void dispatchEvent(new Event("focus")));
    expect(document.title).toBe("Tides – Tidewire");
    focus.mockRestore();
  });

  it("says that a conversation that is not open waits, in its title, above the box and once", async () => {
    const notified = vi.fn();
    class Notification {
      static permission = "granted";
      constructor(...args: unknown[]) {
        notified(...args);
      }
      addEventListener() {}
      close() {}
    }
    vi.stubGlobal("Notification", Notification);
    const focus = vi.spyOn(document, "hasFocus").mockReturnValue(true);
    const { topics, client, conversations } = await chat();
    await ask("High water?");
    const [other] = await afterTurn(client.conversations.list());
    const conversationId = other?.id ?? "";
    act(() => conversations.showNew());
    await turn(100);
    const pushWaiting = (value: WaitingConversation[]) =>
      act(() => topics.take({ channel: "topic", name: "waiting", key: "", value }));
    pushWaiting([
      { conversationId: "deleted", tool: "send_mail", calls: 1 },
      { conversationId, tool: "send_mail", calls: 2 },
    ]);
    expect(document.title).toBe("(!) Tides – Tidewire");
    const { title = "" } = other ?? {};
    expect(document.body.textContent).toContain(`“${title}” waits for your decision`);
    expect(notified).not.toHaveBeenCalled();
    focus.mockReturnValue(false);
    act(() => void dispatchEvent(new Event("blur")));
    expect(notified).toHaveBeenCalledTimes(1);
    expect(notified.mock.calls[0]?.[1]).toMatchObject({ body: "A model wants to call send_mail." });
    focus.mockReturnValue(true);
    act(() => void dispatchEvent(new Event("focus")));
    const read = vi.spyOn(client.conversations, "get");
    press("Show it");
    expect(conversations.shown.get().conversation.get().id).toBe(conversationId);
    await turn(100);
    expect(document.title).toBe("Tides – Tidewire");
    pushWaiting([{ conversationId, tool: "send_mail", calls: 1 }]);
    await turn(100);
    expect(read).toHaveBeenCalled();
    pushWaiting([]);
    await turn(100);
    expect(document.title).toBe("Tides – Tidewire");
    focus.mockRestore();
  });

  it("notifies only where that is permitted already", async () => {
    const notified = vi.fn();
    class Notification {
      static permission = "default";
      constructor(...args: unknown[]) {
        notified(...args);
      }
      addEventListener() {}
      close() {}
    }
    vi.stubGlobal("Notification", Notification);
    const focus = vi.spyOn(document, "hasFocus").mockReturnValue(false);
    await chat();
    await ask('/call send_mail {"to": "ann"}');
    expect(notified).not.toHaveBeenCalled();
    Notification.permission = "granted";
    focus.mockReturnValue(true);
    act(() => void dispatchEvent(new Event("focus")));
    focus.mockReturnValue(false);
    act(() => void dispatchEvent(new Event("blur")));
    expect(notified.mock.calls[0]?.[1]).toMatchObject({ body: "A model wants to call send_mail." });
    focus.mockRestore();
  });
});

describe("the options of a conversation", () => {
  async function openMenu(): Promise<void> {
    fireEvent.click(screen.getByRole("button", { name: "Tools: none" }));
    await turn(50);
  }

  function notesWith(found: Record<string, string> = {}) {
    const all = new Map(Object.entries(found));
    const remember = vi.fn();
    const notes = { recall: async () => all, remember } as unknown as HostStorage;
    return { notes, remember };
  }

  it("are empty until some are chosen, and then go with every request", async () => {
    const { sent } = await chat();
    await ask("hello");
    expect(sent.mock.calls[0]?.[0]).not.toHaveProperty("tools");
    await openMenu();
    const boxes = screen.getAllByRole("checkbox", { hidden: true });
    expect(boxes).toHaveLength(1);
    fireEvent.click(boxes[0] as HTMLElement);
    expect(screen.getByRole("button", { name: "Tools: 1" })).not.toBeNull();
    await ask("hello again");
    expect(sent.mock.calls[1]?.[0]).toMatchObject({ tools: ["send_mail"] });
  });

  it("cannot be chosen for a model that takes none, which says so", async () => {
    const { describe: describeModel } = await chat();
    describeModel.mockResolvedValue({ name: "Small", tools: false } as ModelSummary);
    await openMenu();
    expect(screen.getByText("Small can't use tools.")).not.toBeNull();
    const box = screen.getByRole("checkbox", { name: /send_mail/, hidden: true });
    expect(box).toHaveProperty("disabled", true);
  });

  it("are remembered by the host, when the conversation has an id", async () => {
    const { notes, remember } = notesWith();
    let id: string | null = null;
    const choice = createAnswerChoice(notes, () => id);
    choice.choose({ tools: ["a", "b"], effort: "low" });
    expect(remember).not.toHaveBeenCalled();
    id = "c1";
    choice.save();
    expect(remember).toHaveBeenLastCalledWith("options.c1", '{"tools":["a","b"],"effort":"low"}');
    choice.choose({ tools: [], effort: null });
    expect(remember).toHaveBeenLastCalledWith("options.c1", null);
  });

  it("come back, unless something else was chosen meanwhile or the note is none", async () => {
    const { notes } = notesWith({
      "options.c1": '{"tools":["a"],"effort":"high","maxTokens":"many"}',
      "options.c2": "{",
      "options.c3": '{"tools":[1,"b"],"effort":"more","temperature":0.2}',
      "options.c4": "null",
    });
    const recalled = async (id: string) => {
      const choice = createAnswerChoice(notes, () => id);
      await choice.recall();
      return choice.requestOptions();
    };
    expect(await recalled("c1")).toEqual({ tools: ["a"], effort: "high" });
    expect(await recalled("c2")).toEqual({});
    expect(await recalled("c3")).toEqual({ tools: ["b"], temperature: 0.2 });
    expect(await recalled("c4")).toEqual({});
    const choice = createAnswerChoice(notes, () => "c1");
    choice.choose({ tools: ["mine"] });
    await choice.recall();
    expect(choice.get().tools).toEqual(["mine"]);
  });

  it("have their source in their name where several have the same", () => {
    const all = [
      { name: "read", source: "a.py" },
      { name: "read", source: "b.py" },
      { name: "write", source: "b.py" },
    ];
    expect(all.map((tool) => requestName(tool, all))).toEqual(["a__read", "b__read", "write"]);
  });
});

describe("the settings", () => {
  async function openTools(tools?: readonly ToolSummary[], problem?: string) {
    const { bridge } = await fakePage();
    const { client } = bridge;
    if (tools !== undefined) vi.spyOn(bridge.client.tools, "list").mockResolvedValue([...tools]);
    if (problem !== undefined) {
      vi.spyOn(bridge.client.tools, "grants").mockRejectedValue(invalid(problem));
    }
    const settings = createSettings(bridge, () => {});
    render(
      <SettingsContext value={settings}>
        <Tools />
      </SettingsContext>,
    );
    await turn(100);
    return client.tools;
  }
  const items = () => screen.getAllByRole("listitem").map(({ textContent }) => textContent);

  it("list each tool with its source, what it does, and why it cannot be called", async () => {
    await openTools();
    expect(items()[0]).toContain("calculate calculator.py · comes with Tidewire");
    expect(items()[1]).toContain("Sends data out or changes something");
    expect(items()[2]).toContain("The parameter x has no type.");
    expect(screen.getByRole("switch", { name: "Use untyped" })).toHaveProperty("disabled", true);
    expect(screen.getByText("…/tools")).not.toBeNull();
    fireEvent.click(screen.getByRole("switch", { name: "Use calculate" }));
    await turn(100);
    expect(screen.getByRole("switch", { name: "Use calculate" })).toHaveProperty("checked", true);
  });

  it("show a saved change at once, and a folder that a browser cannot open", async () => {
    const tools = await openTools();
    const listed = tools.list();
    await turn(100);
    const changed = (await listed).map((tool) => ({ ...tool, description: "Now it is new." }));
    vi.spyOn(tools, "list").mockResolvedValue(changed);
    await turn(1_500);
    expect(items()[0]).toContain("Now it is new.");
    press("Open folder");
    await turn(100);
    expect(document.body.textContent).toContain("A browser can't open folders.");
    fireEvent.click(screen.getByRole("switch", { name: /^Trust my files/ }));
    await turn(100);
    const trusts = screen.getByRole("switch", { name: /^Trust my files/ });
    expect(trusts).toHaveProperty("checked", true);
  });

  it("list what was decided for good, and revoke it", async () => {
    await openTools();
    expect(items()[3]).toContain("Always allowed: send_mail mail.py");
    expect(items()[3]).toContain("where to is exactly “ann@example.org”");
    expect(items()[4]).toContain("Suspended: the tool has changed");
    expect(items()[4]).toContain('-  "Search"\n+  "Search and delete"');
    press("Revoke the decision about send_mail");
    await turn(100);
    expect(items()).toHaveLength(4);
  });

  it("are listed also where what was decided about them cannot be read", async () => {
    await openTools(undefined, "tools.json cannot be read");
    expect(screen.getByRole("switch", { name: "Use calculate" })).not.toBeNull();
    expect(document.body.textContent).toContain("tools.json cannot be read");
  });

  it("say how to write a tool where there is none", async () => {
    await openTools([]);
    expect(document.body.textContent).toContain("You have no tools of your own yet.");
    press("New tool");
    await turn(100);
    expect(screen.getByText("…/tools/my_tool.py")).not.toBeNull();
  });
});
