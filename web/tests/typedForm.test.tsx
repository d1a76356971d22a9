/** The typed form: every type of field by keyboard, what is wrong beside it, and what is sent. */
import { fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { FormField, FormValue } from "../src/bridge/contract";
import { HostError } from "../src/bridge/hostError";
import { forms } from "../src/i18n/forms";
import { entryOf, localTime } from "../src/ui/form/formValues";
import TypedForm, { type FormValues } from "../src/ui/form/TypedForm";

type Given = Partial<Parameters<typeof TypedForm>[0]>;

const OPTIONS = [{ value: "ebb" }, { value: "flow", title: "The flow" }];
const field = (part: Partial<FormField>): FormField => ({
  name: "f",
  type: "string",
  required: false,
  ...part,
});

/** The values that the form has sent. */
let sent: FormValues[] = [];
beforeEach(() => {
  sent = [];
});

function show(fields: readonly FormField[], options: Given = {}) {
  const onSubmit = (values: FormValues) => void sent.push(values);
  const form = (
    <TypedForm
      fields={fields}
      submitLabel="Send"
      onSubmit={onSubmit as () => undefined}
      {...options}
    />
  );
  return { ...render(form), user: userEvent.setup() };
}

const send = () => screen.getByRole("button", { name: "Send" });
const described = (element: Element) =>
  (element.getAttribute("aria-describedby") ?? "")
    .split(" ")
    .map((id) => document.getElementById(id)?.textContent)
    .join(" ");

describe.each<[what: string, field: Partial<FormField>, typed: string, value: FormValue]>([
  ["a text", {}, "low tide", "low tide"],
  ["a text of several lines", { type: "text" }, "low{Enter}tide", "low\ntide"],
  ["a number", { type: "number" }, "1.5", 1.5],
  ["a negative number", { type: "number", minimum: -2 }, "-1.5", -1.5],
  ["a whole number", { type: "integer", minimum: 1, maximum: 9 }, "7", 7],
  ["an email address", { format: "email" }, "a@b.example", "a@b.example"],
  ["an address", { format: "uri" }, "https://a.example/", "https://a.example/"],
  ["a list", { type: "list" }, "ebb{Enter}{Enter}flow{Enter}", ["ebb", "flow"]],
  ["an emoji as one character", { maxLength: 1 }, "🌊", "🌊"],
])("the field for %s", (_, part, typed, value) => {
  it("sends what is typed", async () => {
    const { user } = show([field({ ...part, title: "Water" })]);
    await user.type(screen.getByLabelText(/Water/), typed);
    await user.click(send());
    expect(sent).toEqual([{ f: value }]);
  });

  it("begins with its default", async () => {
    const { user } = show([field({ ...part, default: value })]);
    await user.click(send());
    expect(sent).toEqual([{ f: value }]);
  });
});

it("takes a date", async () => {
  const { user } = show([field({ type: "date" }), field({ name: "g", format: "date" })]);
  fireEvent.change(screen.getByLabelText(/^f/), { target: { value: "2024-02-29" } });
  fireEvent.change(screen.getByLabelText(/^g/), { target: { value: "2026-11-29" } });
  await user.click(send());
  expect(sent).toEqual([{ f: "2024-02-29", g: "2026-11-29" }]);
});

it("sends a date and time of the person's time zone in UTC, and shows a default in it", async () => {
  const time = "2026-11-29T18:30:00.000Z";
  const { user } = show([field({ format: "date-time", default: time })]);
  expect(screen.getByLabelText(/^f/)).toHaveProperty("value", localTime(time));
  await user.click(send());
  expect(sent).toEqual([{ f: time }]);
});

it("sends yes or no, also where nothing was touched", async () => {
  const fields = [
    field({ type: "boolean", required: true }),
    field({ type: "boolean", name: "g", default: true }),
  ];
  const { user } = show(fields);
  await user.click(send());
  await user.click(screen.getByLabelText("f"));
  screen.getByLabelText("g").focus();
  await user.keyboard(" ");
  await user.click(send());
  expect(sent).toEqual([
    { f: false, g: true },
    { f: true, g: false },
  ]);
});

it("sends the value of the option that is chosen, and nothing if none is", async () => {
  const { user } = show([field({ type: "enum", options: OPTIONS })]);
  await user.click(send());
  await user.selectOptions(screen.getByRole("combobox"), "The flow");
  await user.click(send());
  expect(sent).toEqual([{}, { f: "flow" }]);
});

it("sends several options in the order in which they were chosen", async () => {
  const { user } = show([
    field({ type: "enum", multiple: true, options: OPTIONS, default: ["ebb"] }),
  ]);
  await user.click(screen.getByLabelText("The flow"));
  await user.click(send());
  await user.click(screen.getByLabelText("ebb"));
  await user.click(send());
  expect(sent).toEqual([{ f: ["ebb", "flow"] }, { f: ["flow"] }]);
});

describe("a file", () => {
  it("does not take back what is typed while it is read", async () => {
    show([field({ type: "file" }), field({ name: "g" })]);
    const files = [new File(["ebb"], "tide.txt", { type: "text/plain" })];
    fireEvent.change(screen.getByLabelText(/^f/), { target: { files } });
    fireEvent.change(screen.getByLabelText(/^g/), { target: { value: "flow" } });
    await screen.findByText(/tide\.txt/);
    expect(screen.getByLabelText(/^g/)).toHaveProperty("value", "flow");
  });

  it("is sent with its text", async () => {
    const { user } = show([field({ type: "file" })]);
    await user.upload(screen.getByLabelText(/^f/), new File(["low tide"], "notes.txt"));
    expect(await screen.findByText(forms.chosenFile("notes.txt"))).toBeTruthy();
    await user.click(send());
    expect(sent).toEqual([{ f: { name: "notes.txt", text: "low tide" } }]);
  });

  it.each([
    ["that is no text", new File([new Uint8Array([0, 1, 2])], "x"), forms.noText],
    ["that is too large", new File(["a".repeat(1_000_001)], "x"), forms.largeFile("1 MB")],
  ])("%s is refused with the reason", async (_, file, problem) => {
    const { user } = show([field({ type: "file" })]);
    await user.upload(screen.getByLabelText(/^f/), file);
    expect(await screen.findByText(problem)).toBeTruthy();
    await user.click(send());
    expect(sent).toEqual([]);
    expect(described(screen.getByLabelText(/^f/))).toContain(problem);
  });
});

it.each<[field: Partial<FormField>, typed: string, problem: string]>([
  [{ required: true }, " ", forms.required],
  [{ type: "list", required: true }, " ", forms.required],
  [{ type: "number", maximum: 2 }, "2.5", forms.most("2")],
  [{ type: "number", minimum: 2 }, "1.5", forms.least("2")],
  [{ type: "integer", minimum: 1_000, maximum: 2_000 }, "7", forms.between("1,000", "2,000")],
  [{ type: "integer" }, "1.5", forms.integer],
  [{ minLength: 3 }, "ab", forms.fewest("3")],
  [{ type: "text", maxLength: 3 }, "abcd", forms.longest("3")],
  [{ type: "list", minLength: 2 }, "ebb", forms.fewestEntries("2")],
  [{ type: "list", maxLength: 1 }, "ebb{Enter}flow", forms.mostEntries("1")],
  [{ format: "email" }, "a.example", forms.email],
  [{ format: "uri" }, "a.example", forms.uri],
])("says beside a field what is wrong: %o with %s", async (part, typed, problem) => {
  const { user } = show([field(part)]);
  const control = screen.getByLabelText(/^f/);
  await user.type(control, typed);
  await user.click(send());
  expect(sent).toEqual([]);
  expect(control.getAttribute("aria-invalid")).toBe("true");
  expect(described(control)).toContain(problem);
});

it("checks dates that a web view without their control leaves as text", () => {
  expect(entryOf(field({ type: "date" }), "2026-02-30")).toEqual({ problem: forms.date });
  expect(entryOf(field({ type: "date" }), "29.11.2026")).toEqual({ problem: forms.date });
  expect(entryOf(field({ format: "date-time" }), "noon")).toEqual({ problem: forms.dateTime });
  expect(entryOf(field({ type: "number" }), "", true)).toEqual({ problem: forms.number });
});

it("focuses the first field that is wrong, and forgets its problem when it is changed", async () => {
  const choice = field({
    type: "enum",
    multiple: true,
    options: OPTIONS,
    required: true,
    name: "g",
  });
  const { user } = show([field({}), choice, field({ name: "h", required: true })]);
  await user.click(send());
  expect(document.activeElement).toBe(screen.getByLabelText("ebb"));
  expect(screen.getByText(forms.requiredChoice)).toBeTruthy();
  await user.keyboard(" ");
  expect(screen.queryByText(forms.requiredChoice)).toBeNull();
  expect(screen.getByText(forms.required)).toBeTruthy();
});

it("is sent by Enter in a line, and by Ctrl+Enter in a text of several lines", async () => {
  const { user } = show([field({}), field({ name: "g", type: "text" })]);
  await user.type(screen.getByLabelText(/^f/), "ebb{Enter}");
  await user.type(screen.getByLabelText(/^g/), "flow{Control>}{Enter}{/Control}");
  expect(sent).toEqual([{ f: "ebb" }, { f: "ebb", g: "flow" }]);
});

it("is cancelled by Escape, which reaches nothing around it", async () => {
  const onCancel = vi.fn();
  const around = vi.fn();
  document.body.addEventListener("keydown", around);
  const { user } = show([field({})], { onCancel });
  await user.click(screen.getByLabelText(/^f/));
  fireEvent.keyDown(screen.getByLabelText(/^f/), { key: "Escape", repeat: true });
  expect(onCancel).not.toHaveBeenCalled();
  await user.keyboard("{Escape}");
  expect(onCancel).toHaveBeenCalledOnce();
  document.body.removeEventListener("keydown", around);
  expect(around).not.toHaveBeenCalled();
});

it("keeps what was typed when its fields are given again, and when it is shown again", async () => {
  const { user, rerender, unmount } = show([field({})], { draftKey: "a" });
  await user.type(screen.getByLabelText(/^f/), "low ti");
  const props = { submitLabel: "Send", onSubmit: () => undefined, draftKey: "a" };
  rerender(<TypedForm fields={[field({ title: "f 2" })]} {...props} />);
  expect(screen.getByLabelText(/^f 2/)).toHaveProperty("value", "low ti");
  unmount();
  const reshown = render(<TypedForm fields={[field({})]} {...props} />);
  expect(screen.getByLabelText(/^f/)).toHaveProperty("value", "low ti");
  await user.click(send());
  reshown.unmount();
  render(<TypedForm fields={[field({})]} {...props} />);
  expect(screen.getByLabelText(/^f/)).toHaveProperty("value", "");
});

it("shows the host's refusal beside the field that it names, and is sent again", async () => {
  const issues = [{ path: "g", message: "g does not have the form that is asked for." }];
  const refusal = { code: "VALIDATION", message: "g", issues } as HostError;
  const onSubmit = vi.fn<(values: FormValues) => Promise<void>>();
  onSubmit.mockRejectedValueOnce(new HostError({ ...refusal, retryable: false } as HostError));
  onSubmit.mockResolvedValueOnce();
  const { user } = show([field({}), field({ name: "g", pattern: "^x$" })], { onSubmit });
  await user.type(screen.getByLabelText(/^g/), "y{Enter}");
  expect(await screen.findByText(forms.refused)).toBeTruthy();
  expect(document.activeElement).toBe(screen.getByLabelText(/^g/));
  await user.keyboard("{Enter}");
  expect(onSubmit).toHaveBeenCalledTimes(2);
});

it("shows the hidden characters of a stranger's titles as escapes", () => {
  show([field({ title: "a\u202eb", description: "c\u200bd" })]);
  expect(screen.getByLabelText(/a⟨U\+202E⟩b/)).toBeTruthy();
  expect(screen.getByText("c⟨U+200B⟩d")).toBeTruthy();
});

it("breaks no rule of accessibility, with and without problems", async () => {
  const types = ["string", "text", "number", "integer", "boolean", "date", "list", "file"] as const;
  const fields = [
    ...types.map((type) => field({ name: type, type, required: true, description: "Something" })),
    field({ name: "one", type: "enum", options: OPTIONS, required: true }),
    field({ name: "more", type: "enum", options: OPTIONS, multiple: true, required: true }),
  ];
  const { user, container } = show(fields, { onCancel: () => {} });
  const rules = { "color-contrast": { enabled: false } }; // nothing is drawn here
  expect((await axe.run(container, { rules })).violations).toEqual([]);
  await user.click(send());
  expect(screen.getAllByText(forms.required).length).toBeGreaterThan(3);
  expect((await axe.run(container, { rules })).violations).toEqual([]);
});
