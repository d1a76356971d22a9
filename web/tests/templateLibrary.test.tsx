/** The library of templates in the settings, over the fake host. */
import { act, screen, within } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { shownApp } from "./app";
import { turn } from "./support";

afterEach(() => {
  localStorage.clear();
});

/** What React draws only at the end of a turn has its own calls answered, too. */
async function passed(): Promise<void> {
  for (let turns = 0; turns < 4; turns++) await turn(400);
}

async function openLibrary(
  prepare?: (page: Awaited<ReturnType<typeof shownApp>>) => Promise<void>,
) {
  const page = await shownApp();
  await prepare?.(page);
  const { person, box } = page;
  await person.type(box(), "/");
  await turn(100);
  await person.click(screen.getByRole("option", { name: /^(All templates|New template)…/ }));
  await turn(200);
  const press = async (name: string | RegExp) => {
    await person.click(screen.getByRole("button", { name }));
    await passed();
  };
  const text = () =>
    screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Text of the template" });
  async function write(value: string): Promise<void> {
    await person.clear(text());
    await person.click(text());
    await person.paste(value);
    await passed();
  }
  async function choose(name: string, action: string): Promise<void> {
    await press(`More actions for ${name}`);
    await person.click(screen.getByRole("menuitem", { name: action }));
    await turn(200);
  }
  const close = async () => {
    await person.click(screen.getAllByRole("button", { name: "Close" }).at(-1) as HTMLElement);
    await turn(100);
  };
  const names = () =>
    [...document.querySelectorAll("[role=tabpanel] li small[dir=ltr]")].map(
      (element) => element.textContent,
    );
  return { ...page, press, text, write, choose, close, names };
}

it("lists templates by folder, and says where one is broken", async () => {
  const { names, person } = await openLibrary();
  expect(names()).toEqual(["/review", "/daily/broken"]);
  expect(screen.getByRole("heading", { name: "daily" })).toBeTruthy();
  expect(screen.getByRole("alert").textContent).toBe("Line 1, column 8: This variable has no end.");
  await person.type(screen.getByRole("searchbox", { name: "Search templates" }), "PIECE of");
  expect(names()).toEqual(["/review"]);
  await person.keyboard("x");
  expect(screen.getByText("No templates match “PIECE ofx”.")).toBeTruthy();
});

it("explains what a template is where there is none, and begins with an example", async () => {
  const { press, text, names, close, person } = await openLibrary(async ({ answerTo, bridge }) => {
    for (const { name } of await answerTo(bridge.client.templates.list())) {
      await answerTo(bridge.client.templates.remove(name));
    }
  });
  expect(screen.getByText(/^You have no templates yet\./)).toBeTruthy();
  await press("Summarize a file");
  expect(text().value).toContain("type: file");
  // Only one is made, also by keys that repeat.
  await person.click(text());
  await person.keyboard("{Control>}ss{/Control}");
  await passed();
  expect(screen.getByRole("dialog", { name: "Edit summarize" })).toBeTruthy();
  await close();
  expect(names()).toEqual(["/summarize"]);
});

it("begins every example with its own text, and keeps what is not saved yet", async () => {
  const { press, text, write, close } = await openLibrary(async ({ answerTo, bridge }) => {
    for (const { name } of await answerTo(bridge.client.templates.list())) {
      await answerTo(bridge.client.templates.remove(name));
    }
  });
  await press("Translate");
  await write("Look at this");
  await close();
  await press("Summarize a file");
  expect(text().value).toContain("type: file");
  await close();
  await press("Translate");
  expect(text().value).toBe("Look at this");
  await press("Save");
});

it("marks the line of a problem, and keeps the last form until the text is right again", async () => {
  const { press, text, write } = await openLibrary();
  await press("Edit review");
  await write("one\n{{ two }}\n{{ three");
  expect(screen.getByText("Line 3, column 1: This variable has no end.")).toBeTruthy();
  expect(text().getAttribute("aria-invalid")).toBe("true");
  expect(document.querySelectorAll("[data-bad]")).toHaveLength(1);
  expect(screen.getByRole("textbox", { name: "Language" })).toBeTruthy();
  await press("Go to the line");
  expect(document.activeElement).toBe(text());
  expect(text().selectionStart).toBe("one\n{{ two }}\n".length);
  await write("one\n{{ two }}\n{{ three }}");
  expect(text().hasAttribute("aria-invalid")).toBe(false);
  expect(screen.queryByRole("textbox", { name: "Language" })).toBeNull();
  expect(screen.getByRole("textbox", { name: "three" })).toBeTruthy();
  // Unsaved text would be in the editor of the next test.
  await press("Save");
});

it("shows an earlier version without losing what was written", async () => {
  const { press, text, write, person } = await openLibrary();
  await press("Edit review");
  const first = text().value;
  await write("second");
  await press("Save");
  await write("third");
  await person.click(screen.getByText("Earlier versions"));
  await press(/^Show the version of/);
  expect(text().value).toBe(first);
  await press("Back to my text");
  expect(text().value).toBe("third");
  await press("Discard changes");
  expect(text().value).toBe("second");
});

it("has what was not saved when it is opened again, also under another name", async () => {
  const { press, text, write, close, choose, person } = await openLibrary();
  await press("Edit review");
  await write("half a thought");
  await close();
  expect(screen.getByText(/Unsaved changes$/)).toBeTruthy();
  await choose("review", "Rename or move");
  await person.keyboard("home/review{Enter}");
  await turn(200);
  await press("Edit home/review");
  expect(text().value).toBe("half a thought");
  await press("Save");
  await close();
  expect(screen.queryByText(/Unsaved changes$/)).toBeNull();
});

it("says why a name cannot be, and keeps the template", async () => {
  const { choose, person, names } = await openLibrary();
  await choose("review", "Rename or move");
  await person.keyboard("daily/broken{Enter}");
  await turn(200);
  expect(screen.getAllByRole("alert")[0]?.textContent).toContain(
    "There is a template daily/broken already.",
  );
  expect(names()).toEqual(["/review", "/daily/broken"]);
});

it("duplicates, deletes and brings back", async () => {
  const { choose, names, press } = await openLibrary();
  await choose("review", "Duplicate");
  expect(names()).toContain("/review-2");
  await choose("review-2", "Delete");
  expect(names()).not.toContain("/review-2");
  await press("Undo");
  expect(names()).toContain("/review-2");
});

it("imports what can be read, and says what cannot", async () => {
  const { person, names } = await openLibrary();
  const field = screen.getByLabelText("Import templates");
  await person.upload(field, [new File(["Hi {{ you }}"], "hi.txt"), new File(["[]"], "no.json")]);
  await turn(200);
  expect(names()).toContain("/hi");
  expect(screen.getByText("Imported hi.")).toBeTruthy();
  expect(within(screen.getByRole("tabpanel")).getAllByRole("alert")[0]?.textContent).toContain(
    "no.json:",
  );
});

it("has what was not saved after a reload, as for another language", async () => {
  const { press, text, write } = await openLibrary();
  await press("Edit review");
  await write("half a thought");
  act(() => void window.dispatchEvent(new Event("pagehide")));
  vi.resetModules();
  const { isUnsaved } = await import("../src/features/templates/TemplateEditor");
  expect(isUnsaved("review")).toBe(true);
  expect(text().value).toBe("half a thought");
});
