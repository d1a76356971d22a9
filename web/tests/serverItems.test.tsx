/** Prompts and resources of servers in the message box, over the fake host. */
import { act, screen, within } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { shownApp } from "./app";
import { turn, until } from "./support";

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
  sessionStorage.clear();
});

async function openPage() {
  const page = await shownApp();
  return { ...page, tray: page.conversations.shown.get().conversation.tray };
}

const box = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message" });
const questions = () => document.querySelectorAll(".message.user").length;

/** A server that does not run yet is started by this choice, and by nothing before it. */
async function startServer(person: Awaited<ReturnType<typeof openPage>>["person"]): Promise<void> {
  await person.type(box(), "/");
  await turn(100);
  await person.click(screen.getByRole("option", { name: /^Prompts of time…/ }));
  await turn(100);
}

it("starts no server that waits before the person wants its prompts", async () => {
  const { answerTo, person, bridge } = await openPage();
  const state = async () =>
    (await answerTo(bridge.client.mcp.list())).find((server) => server.name === "time");
  await person.type(box(), "/gre");
  await turn(200);
  expect(screen.queryByRole("option", { name: /greet/ })).toBeNull();
  expect((await state())?.state).toBe("idle");
  await person.clear(box());
  await startServer(person);
  expect((await state())?.state).toBe("ready");
  expect(screen.getByRole("option", { name: /\/greet/ })).toBeTruthy();
  expect(box().value).toBe("/");
});

it("finds the prompts of a server that becomes ready while a name is typed", async () => {
  const { answerTo, person, bridge } = await openPage();
  await person.type(box(), "/gre");
  await turn(200);
  expect(screen.queryByRole("option", { name: /greet/ })).toBeNull();
  await answerTo(bridge.client.mcp.test("time"));
  expect(await screen.findByRole("option", { name: /\/greet/ })).toBeTruthy();
});

it("puts a prompt without arguments into the box, and sends nothing", async () => {
  const { person } = await openPage();
  await startServer(person);
  await person.type(box(), "gre");
  await turn(100);
  await person.keyboard("{ArrowDown}{Enter}");
  await turn(200);
  expect(box().value).toBe("Good morning!");
  expect(document.activeElement).toBe(box());
  expect(questions()).toBe(0);
});

it("asks for the arguments of a prompt, and tells the host that a server wrote it", async () => {
  const { person, answerTo, bridge, conversations } = await openPage();
  await startServer(person);
  await person.type(box(), "plan");
  await turn(100);
  await person.click(screen.getByRole("option", { name: /plan/ }));
  await turn(100);
  const dialog = screen.getByRole("dialog", { name: "plan, a prompt of time" });
  const city = within(dialog).getByRole("textbox", { name: /city/ });
  await person.type(city, "nowhere{Enter}");
  await turn(100);
  expect(within(dialog).getByRole("alert").textContent).toContain("There is no such city.");
  await person.clear(city);
  await person.type(city, "Emden{Enter}");
  await turn(200);
  expect(screen.queryByRole("dialog", { name: /plan/ })).toBeNull();
  expect(box().value).toBe("Plan a day in Emden.");
  expect(questions()).toBe(0);
  await person.type(box(), " Now.{Enter}");
  await turn(2_000);
  const conversationId = conversations.shown.get().conversation.get().id ?? "";
  const view = await answerTo(bridge.client.conversations.get({ conversationId }));
  const text = "Plan a day in Emden. Now.";
  expect(view.messages[0]?.content).toEqual([{ type: "text", text, untrusted: true }]);
});

it("inserts nothing after the person has cancelled", async () => {
  const { person, bridge } = await openPage();
  let answer = () => {};
  vi.spyOn(bridge.client.mcp, "prompt").mockImplementation(
    () =>
      new Promise((resolve) => {
        answer = () => resolve({ text: "Plan a day in Emden.", files: [] });
      }),
  );
  await startServer(person);
  await person.type(box(), "plan");
  await turn(100);
  await person.click(screen.getByRole("option", { name: /plan/ }));
  await turn(100);
  await person.type(screen.getByRole("textbox", { name: /city/ }), "Emden{Enter}{Escape}");
  expect(screen.queryByRole("dialog", { name: /plan/ })).toBeNull();
  answer();
  await turn(100);
  expect(box().value).not.toContain("Emden");
});

it("sends a message that begins with a slash as it is", async () => {
  const { person } = await openPage();
  await person.type(box(), "/plan{Enter}");
  await turn(2_000);
  expect(questions()).toBe(1);
  expect(screen.getByText("/plan", { selector: ".message.user *" })).toBeTruthy();
});

async function attaching() {
  const page = await openPage();
  await page.person.click(screen.getByRole("button", { name: /^Tools:/ }));
  await turn(100);
  await page.person.click(screen.getByRole("button", { name: "Attach from a server" }));
  await turn(100);
  return { ...page, dialog: screen.getByRole("dialog", { name: "Attach from a server" }) };
}

it("attaches a resource with the name of its server, and says who could not be asked", async () => {
  const { person, dialog, tray } = await attaching();
  expect(within(dialog).getByRole("alert").textContent).toContain("npx is not found.");
  await person.type(within(dialog).getByRole("searchbox"), "today");
  expect(within(dialog).getAllByRole("button", { name: /Tides/ })).toHaveLength(1);
  await person.click(within(dialog).getByRole("button", { name: /Tides of today/ }));
  await until(() => expect(tray.get()[0]?.state).toBe("ready"));
  expect(tray.get().map(({ name, kind }) => [name, kind])).toEqual([["time: tides", "file"]]);
  expect(screen.queryByRole("dialog", { name: "Attach from a server" })).toBeNull();
  expect(questions()).toBe(0);
});

it("fills in the variables of a template first", async () => {
  const { person, dialog, tray } = await attaching();
  await person.click(within(dialog).getByRole("button", { name: /Tides of a day/ }));
  await turn(40);
  await person.type(within(dialog).getByRole("textbox", { name: /day/ }), "monday{Enter}");
  // A draft of the test before may still have been saved after it.
  const added = () => tray.get().find(({ name }) => name === "time: tides of monday");
  await until(() => expect(added()?.state).toBe("ready"));
  expect(await act(async () => added()?.bytes?.text())).toBe("Tides of monday");
});
