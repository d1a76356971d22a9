/** Renaming, folders and search by keyboard, also with an input method. */

import { act, fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ConversationSummary, SearchHit, SearchReply } from "../src/bridge/contract";
import { type Conversations, createConversations } from "../src/conversations/conversations";
import type { ListGroup } from "../src/conversations/groups";
import { ConversationsContext } from "../src/conversations/useConversations";
import { ConversationGroup, FIRST_STOP } from "../src/features/sidebar/ConversationGroup";
import { ConversationItem } from "../src/features/sidebar/ConversationItem";
import { ConversationList } from "../src/features/sidebar/ConversationList";
import { FolderDialog } from "../src/features/sidebar/FolderDialog";
import { Sidebar } from "../src/features/sidebar/Sidebar";
import {
  type ConversationActions,
  useConversationActions,
} from "../src/features/sidebar/useConversationActions";
import { type SidebarState, WIDTHS } from "../src/features/sidebar/useSidebar";
import { strings } from "../src/i18n";
import { createStore } from "../src/lib/store";
import { ResizeHandle } from "../src/ui/panel/ResizeHandle";
import { createToastStore, ToastsContext } from "../src/ui/toasts/toastStore";
import { fakePage, settled, turn } from "./support";

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
  sessionStorage.clear();
});

const item: ConversationSummary = {
  id: "c-1",
  title: "low water",
  createdAt: 1,
  updatedAt: 1,
  messageCount: 2,
  pinned: false,
  folder: null,
  temporary: false,
  inferenceId: null,
};

describe("a conversation that is named", () => {
  function named() {
    vi.useFakeTimers();
    const rename = vi.fn();
    render(
      <>
        <ConversationItem
          item={item}
          isOpen
          isStop
          actions={{ rename } as unknown as ConversationActions}
          onMove={() => {}}
        />
        <textarea aria-label="box" />
      </>,
    );
    const button = () => screen.getByRole("button", { name: "low water" });
    fireEvent.keyDown(button(), { key: "F2" });
    const name = screen.getByRole<HTMLInputElement>("textbox", { name: strings.renameLabel });
    fireEvent.change(name, { target: { value: "high water" } });
    return { rename, button, name };
  }

  it("leaves the focus on the clicked element", async () => {
    const { rename } = named();
    const box = screen.getByRole("textbox", { name: "box" });
    act(() => box.focus());
    await turn(100);
    expect(rename).toHaveBeenCalledWith(item, "high water");
    expect(document.activeElement).toBe(box);
  });

  it.each(["Enter", "Escape"])("has the focus again after %s", async (key) => {
    const { button, name } = named();
    fireEvent.keyDown(name, { key });
    await turn(100);
    expect(document.activeElement).toBe(button());
  });
});

describe("the Delete key", () => {
  it("removes one conversation each time it is pressed, however long it is held", () => {
    const remove = vi.fn();
    const actions = { remove } as unknown as ConversationActions;
    render(<ConversationItem item={item} isOpen isStop actions={actions} onMove={() => {}} />);
    const button = screen.getByRole("button", { name: "low water" });
    fireEvent.keyDown(button, { key: "Delete" });
    fireEvent.keyDown(button, { key: "Delete", repeat: true });
    expect(remove).toHaveBeenCalledExactlyOnceWith(item);
  });
});

/** Runs an action with these conversations; returns the toasts. */
async function acting(conversations: Conversations, act: (acts: ConversationActions) => void) {
  const toasts = createToastStore();
  function Acting() {
    const acts = useConversationActions(() => {});
    return <button type="button" onClick={() => act(acts)} />;
  }
  render(
    <ConversationsContext value={conversations}>
      <ToastsContext value={toasts}>
        <Acting />
      </ToastsContext>
    </ConversationsContext>,
  );
  fireEvent.click(screen.getByRole("button"));
  await settled();
  return toasts;
}

describe("refusals of the host", () => {
  it.each([
    ["remove", (acts: ConversationActions) => acts.remove(item)],
    ["move", (acts: ConversationActions) => acts.move(item, "Sea")],
  ])("is not said to be done: %s", async (name, act) => {
    const refused = vi.fn(() => Promise.reject(new Error("no room")));
    const conversations = { [name]: refused } as unknown as Conversations;
    const texts = (await acting(conversations, act)).get().map(({ text }) => text);
    expect(texts).toEqual([strings.refusedAction("no room")]);
  });
});

describe("a folder that is named", () => {
  it.each(["{Enter}", "{Escape}"])("has the focus again after %s", async (key) => {
    const user = userEvent.setup();
    const group: ListGroup = { name: "folder", folder: "Tide", month: null, items: [item] };
    render(
      <>
        <ConversationGroup
          group={group}
          above={0}
          isShut
          openId={null}
          stop={FIRST_STOP}
          actions={{ renameFolder: () => {} } as unknown as ConversationActions}
          onToggle={() => {}}
          onMove={() => {}}
          onPut={() => {}}
        />
        <textarea aria-label="box" />
      </>,
    );
    const folder = () => screen.getByRole("button", { name: /^Tide/ });
    folder().focus();
    await user.keyboard("{F2}");
    expect(document.activeElement).toBe(screen.getByRole("textbox", { name: /folder/i }));
    await user.keyboard(`Sea${key}`);
    expect(document.activeElement).toBe(folder());
  });
});

describe("a folder that gets another's name", () => {
  it.each([
    ["Sea", true],
    ["Ocean", false],
  ])("becomes part of that one, with a way back: %s", async (name, isThere) => {
    const items = [
      { ...item, folder: "Tide" },
      { ...item, id: "c-2", folder: "Sea" },
    ];
    const move = vi.fn(async () => {});
    const renamed = vi.fn(async () => {});
    const conversations = {
      move,
      list: { get: () => ({ items }) },
      folders: { rename: renamed },
    } as unknown as Conversations;
    const toasts = await acting(conversations, (acts) => acts.renameFolder("Tide", name));
    expect(move).toHaveBeenLastCalledWith(["c-1"], name);
    expect(toasts.undo()).toBe(isThere);
    // The options of its new chats go with the name, unless both folders stay with their own.
    expect(renamed.mock.calls).toEqual(isThere ? [] : [["Tide", "Ocean"]]);
    if (isThere) expect(move).toHaveBeenLastCalledWith(["c-1"], "Tide");
  });
});

describe("the list", () => {
  it("goes by days and months, and a day later by other ones", async () => {
    const { bridge, llm } = await fakePage();
    vi.setSystemTime(new Date(2026, 6, 9, 23, 59));
    const at = (id: string, time: Date) => ({ ...item, id, title: id, updatedAt: time.getTime() });
    const items = [
      at("now", new Date()),
      at("spring", new Date(2026, 3, 2)),
      at("past", new Date(2025, 3, 2)),
    ];
    const host = { client: bridge.client, router: bridge.router, topics: bridge.topics, llm };
    const known = createConversations({ host });
    const list = { ...known.list, ...createStore({ ...known.list.get(), phase: "open", items }) };
    render(
      <ConversationsContext value={{ ...known, list: list as unknown as typeof known.list }}>
        <ConversationList
          actions={{} as ConversationActions}
          state={{ shut: [], toggleFolder: () => {} }}
        />
      </ConversationsContext>,
    );
    const titles = () => screen.getAllByRole("heading").map(({ textContent }) => textContent);
    expect(titles()).toEqual(["Today", "April", "April 2025"]);
    await act(() => vi.advanceTimersByTimeAsync(120_000));
    expect(titles()).toEqual(["Yesterday", "April", "April 2025"]);
    vi.setSystemTime(new Date(2026, 6, 12, 8)); // the computer has slept
    act(() => void window.dispatchEvent(new Event("focus")));
    expect(titles()).toEqual(["Last 7 days", "April", "April 2025"]);
  });
});

it("the edge changes the width by style while it is dragged, and once at the end", () => {
  const setWidth = vi.fn();
  render(
    <div data-resized="">
      <ResizeHandle label="Width" side="start" widths={WIDTHS} width={272} setWidth={setWidth} />
    </div>,
  );
  const edge = screen.getByRole("separator");
  edge.setPointerCapture = () => {};
  fireEvent.pointerDown(edge, { button: 0, clientX: 272 });
  for (const clientX of [280, 300, 9_000, 320]) fireEvent.pointerMove(edge, { clientX });
  expect(setWidth).not.toHaveBeenCalled();
  const shown = edge.parentElement?.style.getPropertyValue("--width");
  expect(shown).toBe("320px");
  fireEvent.pointerUp(edge);
  expect(setWidth).toHaveBeenCalledExactlyOnceWith(320);
});

describe("the folder for a conversation", () => {
  function chooseFolder(typed: string, key: object = { key: "Enter" }) {
    const move = vi.fn();
    const items = ["Homework", "Sea", "Work"].map((folder) => ({ ...item, id: folder, folder }));
    render(
      <ConversationsContext value={{ list: createStore({ items }) } as unknown as Conversations}>
        <FolderDialog
          item={item}
          actions={{ move } as unknown as ConversationActions}
          onClose={() => {}}
        />
      </ConversationsContext>,
    );
    const box = screen.getByRole("textbox");
    box.focus();
    fireEvent.change(box, { target: { value: typed } });
    fireEvent.keyDown(box, key);
    return move;
  }

  it.each([
    ["Work", "Work"],
    ["sea", "Sea"],
    ["Wor", "Wor"],
  ])("is by Enter the one of that name, else a new one: %s", (typed, folder) => {
    expect(chooseFolder(typed)).toHaveBeenCalledExactlyOnceWith(item, folder);
  });

  it("is none when nothing was typed, and when Enter ended a word", () => {
    expect(chooseFolder("")).not.toHaveBeenCalled();
    document.querySelector("dialog")?.parentElement?.remove();
    expect(chooseFolder("Work", { key: "Enter", keyCode: 229 })).not.toHaveBeenCalled();
  });
});

describe("a search", () => {
  const hit = (title: string): SearchHit => ({
    conversationId: title,
    messageId: null,
    title,
    role: null,
    snippet: title,
    marks: [],
    createdAt: 1,
  });

  async function searching() {
    await import("../src/features/sidebar/SearchResults"); // it is loaded with the first search
    const { bridge, llm } = await fakePage();
    const host = { client: bridge.client, router: bridge.router, topics: bridge.topics, llm };
    const replies = new Map<string, (reply: SearchReply | Promise<never>) => void>();
    const more = vi.fn();
    const reveal = vi.fn(async () => {});
    const conversations: Conversations = {
      ...createConversations({ host }),
      search: (query, rest) => {
        if (rest) more(query, rest);
        return new Promise((resolve) => replies.set(query, resolve));
      },
      reveal,
    };
    const search = { current: null };
    render(
      <ConversationsContext value={conversations}>
        <ToastsContext value={createToastStore()}>
          <Sidebar
            keys="Mod+B"
            search={search}
            state={{ shut: [], width: 272, closeIfCovering() {} } as unknown as SidebarState}
            onNewChat={() => {}}
            menu={[]}
          />
        </ToastsContext>
      </ConversationsContext>,
    );
    const box = screen.getByRole("searchbox");
    async function type(query: string): Promise<void> {
      fireEvent.change(box, { target: { value: query } });
      await turn(200);
    }
    async function answer(query: string, reply: SearchReply | Promise<never>): Promise<void> {
      replies.get(query)?.(reply);
      await turn(20);
    }
    const find = (query: string, title: string): Promise<void> =>
      answer(query, { hits: [hit(title)], more: null });
    return { box, type, find, answer, more, reveal };
  }

  it("opens by Enter only what was found for the words that stand there", async () => {
    const { box, type, find, reveal } = await searching();
    await type("low");
    await find("low", "low water");
    await type("lower");
    fireEvent.keyDown(box, { key: "Enter" });
    expect(reveal).not.toHaveBeenCalled();
    await find("lower", "lower still");
    fireEvent.keyDown(box, { key: "Enter", keyCode: 229 });
    expect(reveal).not.toHaveBeenCalled();
    fireEvent.keyDown(box, { key: "Enter" });
    expect(reveal).toHaveBeenCalledExactlyOnceWith("lower still", null, "lower");
  });

  it("says that not everything was searched, and goes on when it is asked to", async () => {
    const { type, answer, more } = await searching();
    const rest = { kept: 7, temporary: null };
    await type("low");
    await answer("low", { hits: [], more: rest });
    expect(screen.getByText(/haven't been searched/)).toBeTruthy();
    expect(screen.queryByText(/all words have to be/i)).toBeNull();
    const button = screen.getByRole("button", { name: "Keep searching" });
    button.focus();
    fireEvent.click(button);
    fireEvent.click(button);
    expect(more).toHaveBeenCalledExactlyOnceWith("low", rest);
    await answer("low", { hits: [hit("one")], more: { kept: 3, temporary: null } });
    expect(document.activeElement).toBe(button);
    fireEvent.click(button);
    expect(more).toHaveBeenLastCalledWith("low", { kept: 3, temporary: null });
    await answer("low", { hits: [hit("one"), hit("two")], more: null });
    expect(screen.getByText("2 results")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Keep searching" })).toBeNull();
    expect(document.activeElement?.textContent).toContain("two");
  });

  it("keeps what was found when going on fails, and can go on again", async () => {
    const { type, answer } = await searching();
    await type("low");
    await answer("low", { hits: [hit("one")], more: { kept: 7, temporary: null } });
    fireEvent.click(screen.getByRole("button", { name: "Keep searching" }));
    await answer("low", Promise.reject(new Error("the host is gone")));
    expect(screen.getByText(/the host is gone/)).toBeTruthy();
    expect(screen.getAllByText("one")).toHaveLength(1);
    expect(screen.getByRole("button", { name: "Keep searching" })).toBeTruthy();
  });

  it("shows nothing of words that were typed before", async () => {
    const { type, find, answer } = await searching();
    await type("low");
    await answer("low", { hits: [hit("one")], more: { kept: 7, temporary: null } });
    fireEvent.click(screen.getByRole("button", { name: "Keep searching" }));
    await type("high");
    await find("high", "high water");
    await answer("low", { hits: [hit("two")], more: null });
    expect(screen.queryByText("two")).toBeNull();
    expect(screen.getByText("high water")).toBeTruthy();
  });
});
