/** Templates are filled in, shown and sent, and their messages have their form again. */
import { screen, within } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { StoredMessage } from "../src/bridge/contract";
import { shownApp } from "./app";
import { turn, until } from "./support";

afterEach(() => {
  localStorage.clear();
});

async function openPage() {
  const page = await shownApp();
  const { client } = page.bridge;
  async function pick(name: string): Promise<void> {
    await page.person.type(page.box(), `/${name}`);
    await turn(100);
    await page.person.keyboard("{ArrowDown}{Enter}");
    await turn(100);
  }
  const press = async (name: string | RegExp, within_ = document.body) => {
    await page.person.click(within(within_).getByRole("button", { name }));
    await turn(400);
  };
  const dialog = (name: string) => screen.getByRole("dialog", { name });
  const field = (name: RegExp) => screen.getByRole<HTMLInputElement>("textbox", { name });
  async function fill(language: string, code: string): Promise<void> {
    await page.person.clear(field(/Language/));
    await page.person.type(field(/Language/), language);
    await page.person.clear(field(/Code/));
    await page.person.click(field(/Code/));
    await page.person.paste(code);
  }
  /** Sends the question of the template that every test here begins with. */
  async function ask(code = "x"): Promise<void> {
    await pick("rev");
    await fill("Go", code);
    await press("Preview");
    await press("Send", dialog("Review"));
    await turn(2_000);
  }
  async function questions(): Promise<readonly StoredMessage[]> {
    const { conversation } = page.conversations.shown.get();
    const conversationId = conversation.get().id ?? "";
    const view = await page.answerTo(client.conversations.get({ conversationId, limit: 100 }));
    return view.messages.filter(({ role }) => role === "user");
  }
  const conversation = () => page.conversations.shown.get().conversation;
  return { ...page, client, pick, press, dialog, field, fill, ask, questions, conversation };
}

const questionCount = () => document.querySelectorAll(".message.user").length;

it("sends nothing before the person has seen the text", async () => {
  const { pick, press, dialog, field, fill, questions, conversation } = await openPage();
  await pick("rev");
  await fill("Go", "x");
  await press("Preview");
  expect(within(dialog("Review")).getByText("You review Go.")).toBeTruthy();
  expect(questionCount()).toBe(0);
  // The form is there again with what was entered.
  await press("Change");
  expect(field(/Language/).value).toBe("Go");
  await press("Preview");
  await press("Send", dialog("Review"));
  await turn(2_000);
  expect(questionCount()).toBe(1);
  const [question] = await questions();
  expect(question?.content).toBe("Review this:\nx");
  expect(question?.template).toMatchObject({
    name: "review",
    values: { language: "Go", code: "x" },
  });
  expect(conversation().options.first.get().instructions).toBe("You review Go.");
});

it("opens the form of a message with its values, and makes another version of the message", async () => {
  const { ask, press, dialog, field, fill, questions } = await openPage();
  await ask();
  await press("Edit form");
  expect([field(/Language/).value, field(/Code/).value]).toEqual(["Go", "x"]);
  expect(within(dialog("Review")).queryByText(/has changed/)).toBeNull();
  await fill("Rust", "y");
  await press("Preview");
  await press("Send", dialog("Review"));
  await turn(2_000);
  expect(screen.getByText("Review this: y", { selector: ".message.user *" })).toBeTruthy();
  expect(screen.getByRole("group", { name: "Version 2 of 2" })).toBeTruthy();
  const [question] = await questions();
  expect(question?.template?.values).toEqual({ language: "Rust", code: "y" });
});

it("says that a template has changed, and offers the version of the message", async () => {
  const { answerTo, client, ask, press, dialog } = await openPage();
  await ask();
  await answerTo(client.templates.save({ name: "review", text: "Look at {{ code }} twice" }));
  await press("Edit form");
  expect(screen.getByText(/^The template has changed since this message/)).toBeTruthy();
  expect(screen.queryByRole("textbox", { name: /Language/ })).toBeNull();
  await press("Preview", dialog("review"));
  expect(screen.getByText("Look at x twice")).toBeTruthy();
  await press("Use the version of this message");
  expect(screen.getByRole<HTMLInputElement>("textbox", { name: /Language/ }).value).toBe("Go");
  await press("Preview", dialog("Review"));
  expect(within(dialog("Review")).getByText("You review Go.")).toBeTruthy();
});

it("says that a template was deleted, and uses the version of the message", async () => {
  const { answerTo, client, ask, press, dialog } = await openPage();
  await ask();
  await answerTo(client.templates.remove("review"));
  await press("Edit form");
  expect(screen.getByText(/^The template was deleted/)).toBeTruthy();
  await press("Preview", dialog("Review"));
  expect(within(dialog("Review")).getByText("You review Go.")).toBeTruthy();
});

it("says that a template and the version of the message are gone", async () => {
  const { answerTo, client, ask, press, dialog } = await openPage();
  await ask();
  await answerTo(client.templates.rename({ name: "review", to: "work/review" }));
  await press("Edit form");
  expect(screen.getByText(/are gone\. Edit the message instead\.$/)).toBeTruthy();
  expect(within(dialog("review")).queryByRole("button", { name: "Preview" })).toBeNull();
});

it("keeps the template and its values when sending is refused", async () => {
  const { bridge, ask, press, dialog, field, fill, person, box, questions } = await openPage();
  const refused = vi.spyOn(bridge.client.conversations, "send");
  refused.mockRejectedValueOnce(new Error("no"));
  await ask();
  expect(questionCount()).toBe(0);
  expect(box().value).toBe("Review this:\nx");
  expect(screen.getByText("From the template review")).toBeTruthy();
  await press("Edit form");
  expect([field(/Language/).value, field(/Code/).value]).toEqual(["Go", "x"]);
  await fill("Go", "y");
  await press("Preview");
  refused.mockRejectedValueOnce(new Error("no"));
  await press("Send", dialog("Review"));
  await turn(2_000);
  expect(box().value).toBe("Review this:\ny");
  // A text that the person changes by hand is no longer the template's.
  await person.type(box(), "!");
  expect(screen.queryByText("From the template review")).toBeNull();
  await person.keyboard("{Backspace}");
  await person.keyboard("{Enter}");
  await turn(2_000);
  const [question] = await questions();
  expect(question?.template?.values).toEqual({ language: "Go", code: "y" });
  expect(box().value).toBe("");
});

it("keeps the template and its values when another version is refused", async () => {
  const { bridge, ask, press, dialog, field, fill, questions } = await openPage();
  await ask();
  vi.spyOn(bridge.client.conversations, "edit").mockRejectedValueOnce(new Error("no"));
  await press("Edit form");
  await fill("Go", "z");
  await press("Preview");
  await press("Send", dialog("Review"));
  await turn(2_000);
  await press("Edit form");
  expect(field(/Code/).value).toBe("z");
  await press("Cancel", dialog("Review"));
  await press("Ask");
  await turn(2_000);
  const [question] = await questions();
  expect(question?.content).toBe("Review this:\nz");
  expect(question?.template?.values).toEqual({ language: "Go", code: "z" });
});

it("keeps the form while another answer is being written", async () => {
  const { client, ask, press, dialog, conversation } = await openPage();
  const instruct = vi.spyOn(client.conversations, "instruct");
  await ask("/delay 1500");
  await press("Edit form");
  await press("Preview");
  // As another window does it.
  conversation().regenerate(conversation().get().messages.at(-1) ?? "");
  await press("Send", dialog("Review"));
  expect(dialog("Review").textContent).toContain("You can ask this when the answer is complete.");
  expect(instruct).not.toHaveBeenCalled();
  await turn(3_000);
  await press("Send", dialog("Review"));
  await turn(3_000);
  expect(screen.queryByRole("dialog", { name: "Review" })).toBeNull();
  expect(screen.getByRole("group", { name: "Version 2 of 2" })).toBeTruthy();
});

const WISH = `---
model: cloud/small
effort: low
tools: [send_mail, calculate, gone]
---
Hi`;

it("uses the model, the effort and the tools that a template asks for, and says what is missing", async () => {
  const { answerTo, client, pick, press, dialog, conversation } = await openPage();
  await answerTo(client.templates.save({ name: "wish", text: WISH }));
  await pick("wish");
  const form = dialog("wish");
  await until(() =>
    expect(form.textContent).toContain("Model: cloud/small · Effort: Low · Tools: send_mail"),
  );
  expect(form.textContent).toContain(
    "These tools are missing or off and are not used: calculate, gone.",
  );
  await press("Preview");
  await press("Send", form);
  expect(conversation().model()).toEqual({ providerId: "cloud", modelId: "small" });
  expect(conversation().options.get()).toMatchObject({ effort: "low", tools: ["send_mail"] });
});

it("leaves the model and the tools as they were when its message is refused", async () => {
  const { answerTo, client, pick, press, dialog, conversation, bridge, box } = await openPage();
  await answerTo(client.templates.save({ name: "wish", text: WISH }));
  const before = { effort: "high", tools: ["calculate"] } as const;
  conversation().options.choose(before);
  const model = conversation().model();
  const small = { providerId: "cloud", modelId: "small" };
  const options = { effort: "low", tools: ["send_mail"] };
  const send = vi.spyOn(bridge.client.conversations, "send");
  send.mockRejectedValueOnce(new Error("no"));
  await pick("wish");
  await press("Preview");
  await press("Send", dialog("wish"));
  await turn(1_000);
  expect(send.mock.lastCall?.[0]).toMatchObject({ ...small, ...options });
  expect(conversation().model()).toEqual(model);
  expect(conversation().options.get()).toMatchObject(before);
  expect(box().value).toBe("Hi");
  expect(screen.getByText("From the template wish")).toBeTruthy();
  await press("Retry");
  await turn(1_000);
  expect(send.mock.lastCall?.[0]).toMatchObject({ ...small, ...options });
  expect(conversation().model()).toEqual(small);
  expect(conversation().options.get()).toMatchObject(options);
});

it("leaves them as they were when another version of its message is refused", async () => {
  const { answerTo, client, pick, press, dialog, conversation, bridge } = await openPage();
  await answerTo(client.templates.save({ name: "wish", text: WISH }));
  await pick("wish");
  await press("Preview");
  await press("Send", dialog("wish"));
  await turn(2_000);
  const before = { effort: "high", tools: ["calculate"] } as const;
  const local = { providerId: "local", modelId: "other" };
  conversation().choose(local);
  conversation().options.choose(before);
  const edit = vi.spyOn(bridge.client.conversations, "edit");
  edit.mockRejectedValueOnce(new Error("no"));
  await press("Edit form");
  await press("Preview");
  await press("Send", dialog("wish"));
  await turn(1_000);
  expect(edit.mock.lastCall?.[0]).toMatchObject({ modelId: "small", effort: "low" });
  expect(conversation().model()).toEqual(local);
  expect(conversation().options.get()).toMatchObject(before);
  await press("Retry");
  await turn(1_000);
  expect(edit.mock.lastCall?.[0]).toMatchObject({ modelId: "small", effort: "low" });
});

it("does not bring back what the person chose otherwise after a refusal", async () => {
  const { answerTo, client, pick, press, dialog, conversation, bridge } = await openPage();
  await answerTo(client.templates.save({ name: "wish", text: WISH }));
  const send = vi.spyOn(bridge.client.conversations, "send");
  send.mockRejectedValueOnce(new Error("no"));
  await pick("wish");
  await press("Preview");
  await press("Send", dialog("wish"));
  await turn(1_000);
  const local = { providerId: "local", modelId: "other" };
  conversation().choose(local);
  await press("Retry");
  await turn(1_000);
  expect(send.mock.lastCall?.[0]).toMatchObject(local);
  expect(conversation().options.get()).toMatchObject({ effort: null, tools: [] });
});

it("leaves the instructions as they were when the message of its template is refused", async () => {
  const { ask, press, conversation, bridge } = await openPage();
  const send = vi.spyOn(bridge.client.conversations, "send");
  send.mockRejectedValueOnce(new Error("no"));
  await ask();
  expect(conversation().options.first.get().instructions).toBeNull();
  await press("Retry");
  await turn(1_000);
  expect(conversation().options.first.get().instructions).toBe("You review Go.");
});

it("sets them also when a refused message is sent again from the box", async () => {
  const { ask, conversation, bridge, box, person } = await openPage();
  const send = vi.spyOn(bridge.client.conversations, "send");
  send.mockRejectedValueOnce(new Error("no"));
  await ask();
  await person.type(box(), "{Enter}");
  await turn(1_000);
  expect(send.mock.lastCall?.[0].template).toBeTruthy();
  expect(conversation().options.first.get().instructions).toBe("You review Go.");
});

it("leaves them as they were when its message is refused later, and sets them on a retry", async () => {
  const { ask, press, conversation, bridge, answerTo } = await openPage();
  const { conversations } = bridge.client;
  async function stored(): Promise<string | null> {
    const conversationId = conversation().get().id ?? "";
    return (await conversations.get({ conversationId, limit: 1 })).systemPrompt;
  }
  const instructions = () => answerTo(stored());
  conversation().send("hello");
  await turn(2_000);
  let atSend: string | null = "";
  const send = vi.spyOn(conversations, "send");
  send.mockImplementationOnce(async () => {
    atSend = await stored();
    throw new Error("no");
  });
  await ask();
  expect(atSend).toBe("You review Go.");
  expect(await instructions()).toBeNull();
  await press("Retry");
  await turn(1_000);
  expect(await instructions()).toBe("You review Go.");
  expect(questionCount()).toBe(2);
});

it("leaves them as they are while its message is queued, and when it is taken back", async () => {
  const { ask, press, conversation, bridge, box } = await openPage();
  conversation().send("/stall");
  await turn(1_000);
  const instruct = vi.spyOn(bridge.client.conversations, "instruct");
  await ask();
  expect(conversation().get().queue).toMatchObject([{ text: "Review this:\nx" }]);
  await press("Cancel");
  expect(box().value).toBe("Review this:\nx");
  await turn(1_000);
  expect(instruct).not.toHaveBeenCalled();
});

it("sets what a template asks for when its message is sent, not while others wait", async () => {
  const { answerTo, client, pick, press, dialog, conversation, ask, bridge } = await openPage();
  await answerTo(client.templates.save({ name: "wish", text: WISH }));
  await ask();
  const send = vi.spyOn(bridge.client.conversations, "send");
  const model = conversation().model()?.modelId;
  await pick("wish");
  await press("Preview");
  conversation().regenerate(conversation().get().messages.at(-1) ?? "");
  conversation().draft.set("before it");
  conversation().send();
  await press("Send", dialog("wish"));
  await turn(4_000);
  expect(send.mock.calls.map(([{ content, modelId }]) => [content, modelId])).toEqual([
    ["before it", model],
    ["Hi", "small"],
  ]);
});

it("leaves out what a template asks for where the person says so", async () => {
  const { answerTo, client, pick, press, dialog, conversation, person } = await openPage();
  await answerTo(client.templates.save({ name: "wish", text: WISH.replace("cloud/", "nowhere/") }));
  await pick("wish");
  const form = dialog("wish");
  await until(() => expect(form.textContent).toContain("The provider nowhere is not set up."));
  await person.click(within(form).getByRole("checkbox"));
  await press("Preview");
  await press("Send", form);
  await turn(2_000);
  expect(questionCount()).toBe(1);
  expect(conversation().options.get()).toMatchObject({ effort: null, tools: [] });
});

it("leads from a slash to the library, also while there is no template", async () => {
  const { answerTo, client, person, box } = await openPage();
  for (const { name } of await answerTo(client.templates.list())) {
    await answerTo(client.templates.remove(name));
  }
  await person.type(box(), "/");
  const option = await until(() => screen.getByRole("option", { name: /New template…/ }));
  expect(option.textContent).toContain("You have no templates yet.");
  await person.keyboard("x");
  expect(screen.queryByRole("option", { name: /New template…/ })).toBeNull();
  await person.keyboard("{Backspace}");
  await turn(40);
  await person.click(screen.getByRole("option", { name: /New template…/ }));
  await turn(200);
  expect(screen.getByRole("tab", { name: "Templates", selected: true })).toBeTruthy();
  expect(box().value).toBe("");
});
