/** Tools around the transcript: the fake host's calls, the choice, the menu, the banner, the settings. */
import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ModelSummary, ToolSummary } from "../src/bridge/contract";
import type { FakeSettings } from "../src/bridge/fake/settings";
import { createConversations } from "../src/conversations/conversations";
import type { HostStorage } from "../src/conversations/hostStorage";
import { createToolChoice } from "../src/conversations/toolChoice";
import { ConversationsContext } from "../src/conversations/useConversations";
import { Chat } from "../src/features/chat/Chat";
import "../src/features/tools/CallCard"; // what is fetched when it is needed is there already
import { Tools } from "../src/features/settings/Tools";
import { createSettings } from "../src/settings/settings";
import { requestName } from "../src/settings/toolNames";
import { SettingsContext } from "../src/settings/useSettings";
import { createToastStore, ToastsContext } from "../src/ui/toastStore";
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

async function chat(given: Partial<FakeSettings> = {}) {
  const { bridge, llm } = await fakePage({ rate: 0, ...given });
  const { client, router, topics } = bridge;
  const conversations = createConversations({
    host: { client, llm, router, topics },
    defaults: () => ({ providerId: "local", modelId: "m" }),
  });
  const settings = createSettings(bridge, () => {});
  const describe = vi.spyOn(settings, "describe");
  const { conversation } = conversations.shown.get();
  const sent = vi.spyOn(client.conversations, "send");
  render(
    <ConversationsContext value={conversations}>
      <SettingsContext value={settings}>
        <ToastsContext value={createToastStore()}>
          <Chat id={conversation.key} isKnown header={{ title: "Tides" }} notice={null} />
        </ToastsContext>
      </SettingsContext>
    </ConversationsContext>,
  );
  return { conversation, describe, sent };
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
    const states = () => [...document.querySelectorAll("details")].map((one) => one.dataset.state);
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

  it("notifies only if notifications are permitted already", async () => {
    const made = vi.fn();
    class Notification {
      static permission = "default";
      constructor(...given: unknown[]) {
        made(...given);
      }
      addEventListener() {}
      close() {}
    }
    vi.stubGlobal("Notification", Notification);
    const focus = vi.spyOn(document, "hasFocus").mockReturnValue(false);
    await chat();
    await ask('/call send_mail {"to": "ann"}');
    expect(made).not.toHaveBeenCalled();
    Notification.permission = "granted";
    focus.mockReturnValue(true);
    act(() => void dispatchEvent(new Event("focus")));
    focus.mockReturnValue(false);
    act(() => void dispatchEvent(new Event("blur")));
    expect(made.mock.calls[0]?.[1]).toMatchObject({ body: "A model wants to call send_mail." });
    focus.mockRestore();
  });
});

describe("the tools of a conversation", () => {
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
    fireEvent.click(screen.getByRole("button", { name: "Tools: none" }));
    await turn(50);
    const boxes = screen.getAllByRole("checkbox", { hidden: true });
    expect(boxes).toHaveLength(1);
    fireEvent.click(boxes[0] as HTMLElement);
    expect(screen.getByRole("button", { name: "Tools: 1" })).not.toBeNull();
    await ask("hello again");
    expect(sent.mock.calls[1]?.[0]).toMatchObject({ tools: ["send_mail"] });
  });

  it("cannot be chosen for a model that takes none, which says so", async () => {
    const { describe: asked } = await chat();
    asked.mockResolvedValue({ name: "Small", tools: false } as ModelSummary);
    fireEvent.click(screen.getByRole("button", { name: "Tools: none" }));
    await turn(50);
    expect(screen.getByText("Small takes no tools.")).not.toBeNull();
    const box = screen.getByRole("checkbox", { name: /send_mail/, hidden: true });
    expect(box).toHaveProperty("disabled", true);
  });

  it("are remembered by the host, when the conversation has an id", async () => {
    const { notes, remember } = notesWith();
    let id: string | null = null;
    const choice = createToolChoice(notes, () => id);
    choice.choose(["a", "b"]);
    expect(remember).not.toHaveBeenCalled();
    id = "c1";
    choice.keep();
    expect(remember).toHaveBeenLastCalledWith("tools.c1", '["a","b"]');
    choice.choose([]);
    expect(remember).toHaveBeenLastCalledWith("tools.c1", null);
  });

  it("come back, unless something else was chosen meanwhile or the note is none", async () => {
    const { notes } = notesWith({ "tools.c1": '["a"]', "tools.c2": "{", "tools.c3": '[1,"b"]' });
    const recalled = async (id: string) => {
      const choice = createToolChoice(notes, () => id);
      await choice.recall();
      return choice.offered();
    };
    expect(await recalled("c1")).toEqual({ tools: ["a"] });
    expect(await recalled("c2")).toEqual({});
    expect(await recalled("c3")).toEqual({ tools: ["b"] });
    const choice = createToolChoice(notes, () => "c1");
    choice.choose(["mine"]);
    await choice.recall();
    expect(choice.get()).toEqual(["mine"]);
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
  async function shown(tools?: readonly ToolSummary[]) {
    const { bridge } = await fakePage();
    if (tools !== undefined) vi.spyOn(bridge.client.tools, "list").mockResolvedValue([...tools]);
    const settings = createSettings(bridge, () => {});
    render(
      <SettingsContext value={settings}>
        <Tools />
      </SettingsContext>,
    );
    await turn(100);
  }
  const items = () => screen.getAllByRole("listitem").map(({ textContent }) => textContent);

  it("list each tool with its source, what it does, and why it cannot be called", async () => {
    await shown();
    expect(items()[0]).toContain("calculate calculator.py · comes with Tidewire");
    expect(items()[1]).toContain("Sends data out or changes something");
    expect(items()[2]).toContain("The parameter x has no type.");
    expect(screen.getByRole("switch", { name: "Use untyped" })).toHaveProperty("disabled", true);
    expect(screen.getByText("…/tools")).not.toBeNull();
    fireEvent.click(screen.getByRole("switch", { name: "Use calculate" }));
    await turn(100);
    expect(screen.getByRole("switch", { name: "Use calculate" })).toHaveProperty("checked", true);
  });

  it("list permanent decisions, and revoke them", async () => {
    await shown();
    expect(items()[3]).toContain("Always allowed: send_mail mail.py");
    expect(items()[3]).toContain("where to is exactly “ann@example.org”");
    expect(items()[4]).toContain("Suspended: the tool has changed since");
    press("Revoke what was decided about send_mail");
    await turn(100);
    expect(items()).toHaveLength(4);
  });

  it("say how to write a tool where there is none", async () => {
    await shown([]);
    expect(document.body.textContent).toContain("Save a file such as greet.py");
  });
});
