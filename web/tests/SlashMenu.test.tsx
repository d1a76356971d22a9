/** The list above the message box for a message that begins with a slash. */
import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { useRef } from "react";
import { expect, it, vi } from "vitest";
import { useStore } from "../src/conversations/useStore";
import { type SlashEntry, SlashMenu, type SlashSource } from "../src/features/composer/SlashMenu";
import { createStore, type Store } from "../src/lib/store";

const onSend = vi.fn();
const onLeave = vi.fn();
const chosen = vi.fn();

function Box({ draft, sources }: { draft: Store<string>; sources: readonly SlashSource[] }) {
  const box = useRef<HTMLTextAreaElement>(null);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: stands for the chat
    <div onKeyDown={({ key }) => key === "Escape" && onLeave()}>
      <SlashMenu box={box} draft={draft} sources={sources} />
      <textarea
        ref={box}
        value={useStore(draft)}
        onChange={({ target }) => draft.set(target.value)}
        onKeyDown={({ key }) => key === "Enter" && onSend(draft.get())}
      />
    </div>
  );
}

const entry = (name: string) => ({
  name,
  description: `Asks for ${name}`,
  source: "tides",
  choose: () => chosen(name),
});

async function renderMenu(...sources: readonly SlashSource[]) {
  for (const spy of [onSend, onLeave, chosen]) spy.mockClear();
  const draft = createStore("");
  render(<Box draft={draft} sources={sources} />);
  const person = userEvent.setup();
  const box = screen.getByRole<HTMLTextAreaElement>("textbox");
  await person.click(box);
  return { draft, person, box };
}

const listed: SlashSource = async () => ["low", "high", "late"].map(entry);
const names = () =>
  screen.queryAllByRole("option").map((option) => option.querySelector("b")?.textContent);

it("lists the entries whose names fit, of every source that answers", async () => {
  const broken: SlashSource = () => Promise.reject(new Error("no server"));
  const { person } = await renderMenu(broken, listed, async () => [entry("lot")]);
  await person.keyboard("/");
  await screen.findByRole("option", { name: /lot/ });
  expect(names()).toEqual(["/low", "/high", "/late", "/lot"]);
  await person.keyboard("lo");
  expect(names()).toEqual(["/low", "/lot"]);
  await person.keyboard("w tide");
  expect(names()).toEqual([]);
});

it("asks its sources only when a slash is typed", async () => {
  const source = vi.fn(listed);
  const { person } = await renderMenu(source);
  await person.keyboard("tide / ebb");
  expect(source).not.toHaveBeenCalled();
});

it("leaves Enter to the box while no entry is active, also for the whole name of one", async () => {
  const { person, box } = await renderMenu(listed);
  await person.keyboard("/low");
  await screen.findByRole("listbox");
  expect(box.hasAttribute("aria-activedescendant")).toBe(false);
  await person.keyboard("{Enter}");
  expect(onSend).toHaveBeenCalledWith("/low");
  expect(chosen).not.toHaveBeenCalled();
});

it("chooses the entry that the person has moved to, and empties the box first", async () => {
  const { person, draft, box } = await renderMenu(listed);
  await person.keyboard("/");
  await screen.findByRole("listbox");
  await person.keyboard("{ArrowDown}{ArrowDown}");
  const active = screen.getByRole("option", { selected: true });
  expect(active.textContent).toContain("/high");
  expect(box.getAttribute("aria-activedescendant")).toBe(active.id);
  await person.keyboard("{Enter}");
  expect(chosen).toHaveBeenCalledWith("high");
  expect(onSend).not.toHaveBeenCalled();
  expect(draft.get()).toBe("");
  expect(screen.queryByRole("listbox")).toBeNull();
  expect(box.hasAttribute("aria-controls")).toBe(false);
});

it("keeps the entry that the person has moved to when others come before it", async () => {
  let answer: (entries: SlashEntry[]) => void = () => {};
  const late = new Promise<SlashEntry[]>((resolve) => {
    answer = resolve;
  });
  const { person } = await renderMenu(() => late, listed);
  await person.keyboard("/");
  await screen.findByRole("listbox");
  await person.keyboard("{ArrowDown}{ArrowDown}");
  answer([{ ...entry("flood"), source: "seas" }]);
  await screen.findByRole("option", { name: /flood/ });
  await person.keyboard("{Enter}");
  expect(chosen).toHaveBeenCalledWith("high");
});

it("forgets the active entry when more is typed", async () => {
  const { person } = await renderMenu(listed);
  await person.keyboard("/l");
  await screen.findByRole("listbox");
  await person.keyboard("{ArrowDown}o{Enter}");
  expect(onSend).toHaveBeenCalledWith("/lo");
  expect(chosen).not.toHaveBeenCalled();
});

it("moves with Tab, which leaves the list at its end", async () => {
  const { person, box } = await renderMenu(async () => [entry("low"), entry("late")]);
  await person.keyboard("/l");
  await screen.findByRole("listbox");
  await person.tab();
  await person.tab();
  expect(screen.getByRole("option", { selected: true }).textContent).toContain("/late");
  expect(document.activeElement).toBe(box);
  await person.tab();
  expect(document.activeElement).not.toBe(box);
});

it("closes with Escape, which goes no further, until another message is begun", async () => {
  const { person } = await renderMenu(listed);
  await person.keyboard("/");
  await screen.findByRole("listbox");
  await person.keyboard("{Escape}l");
  expect(screen.queryByRole("listbox")).toBeNull();
  expect(onLeave).not.toHaveBeenCalled();
  await person.keyboard("{Escape}");
  expect(onLeave).toHaveBeenCalledOnce();
  await person.keyboard("{Backspace}{Backspace}/");
  await screen.findByRole("listbox");
});

it("chooses by a click, and shows hidden characters of what servers say", async () => {
  const hostile = { ...entry("low"), description: "\u202egnp.exe" };
  const { person } = await renderMenu(async () => [hostile]);
  await person.keyboard("/");
  const option = await screen.findByRole("option");
  expect(option.textContent).toContain("⟨U+202E⟩gnp.exe");
  await person.click(option);
  expect(chosen).toHaveBeenCalledWith("low");
});

it("shows nothing when nothing fits", async () => {
  const { person, box } = await renderMenu(listed);
  await person.keyboard("/call");
  await screen.findByRole("status");
  expect(screen.queryByRole("listbox")).toBeNull();
  expect(screen.getByRole("status").textContent).toBe("");
  await person.keyboard("{ArrowUp}{Enter}");
  expect(onSend).toHaveBeenCalledWith("/call");
  expect(box.hasAttribute("aria-activedescendant")).toBe(false);
});

it("begins at the end of the list with the up arrow", async () => {
  const { person } = await renderMenu(listed);
  await person.keyboard("/");
  await screen.findByRole("listbox");
  await person.keyboard("{ArrowUp}");
  expect(screen.getByRole("option", { selected: true }).textContent).toContain("/late");
  await person.keyboard("{ArrowDown}");
  expect(screen.getByRole("option", { selected: true }).textContent).toContain("/low");
});

it("shows an entry that leads elsewhere for a slash alone", async () => {
  const { person } = await renderMenu(listed, async () => [
    { ...entry(""), label: "All of them…" },
  ]);
  await person.keyboard("/");
  await screen.findByRole("option", { name: /All of them…/ });
  expect(names()).toEqual(["/low", "/high", "/late", "All of them…"]);
  await person.keyboard("l");
  expect(names()).toEqual(["/low", "/late"]);
});
