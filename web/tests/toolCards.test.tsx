/** Tool calls in a transcript: every state, untrusted texts, and decisions. */
import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type {
  AnswerCall,
  Attachment,
  CallState,
  JsonValue,
  StoredMessage,
} from "../src/bridge/contract";
import { HostError } from "../src/bridge/hostError";
import type { Conversations } from "../src/conversations/conversations";
import { blank, viewOf } from "../src/conversations/message";
import { ConversationsContext } from "../src/conversations/useConversations";
import CallCard from "../src/features/tools/CallCard";
import { type DecideCall, DecideCallContext } from "../src/features/tools/decideCall";
import { GUARD_MS } from "../src/features/tools/useGuard";
import { Verbatim } from "../src/features/tools/Verbatim";
import { AssistantMessage } from "../src/features/transcript/AssistantMessage";
import { strings } from "../src/i18n";

const call = (part: Partial<AnswerCall> = {}): AnswerCall => ({
  type: "call",
  callId: "c1",
  step: 1,
  ordinal: 0,
  tool: "send_mail",
  source: "mail.py",
  arguments: { to: "ann@example.org", body: "one\ntwo" },
  reads: false,
  brings: false,
  sends: true,
  state: "done",
  ...part,
});
const waiting = (part: Partial<AnswerCall> = {}) =>
  call({ state: "waiting", nonce: "n-1", ...part });

const pageText = () => document.body.textContent ?? "";

describe("a call", () => {
  it.each<[CallState, string]>([
    ["proposed", "Being checked"],
    ["invalid", "Invalid"],
    ["allowed", "Allowed"],
    ["approved", "Allowed"],
    ["edited", "Allowed with changes"],
    ["denied", "Denied"],
    ["running", "Running…"],
    ["done", "Done"],
    ["failed", "Failed"],
    ["timed_out", "Timed out"],
    ["cancelled", "Canceled"],
    ["lost", "Lost"],
  ])("that is %s says so", (state, words) => {
    render(<CallCard call={call({ state })} />);
    expect(document.querySelector("summary")?.textContent).toContain(words);
    expect(document.querySelector("details")?.open).toBe(false);
    expect(screen.queryByRole("button", { name: "Allow once" })).toBeNull();
  });

  it("that is done has its time, its size and its whole result", () => {
    const result = "row\n".repeat(3_000);
    const facts = { ranMs: 1_200, bytes: 2_000_000, shownBytes: 12_000 };
    render(<CallCard call={call({ result, ...facts })} />);
    expect(document.querySelector("summary")?.textContent).toContain("Done · 1.2 s · 2 MB");
    expect(pageText()).toContain(result);
    expect(pageText()).toContain("The model was given 12 kB of 2 MB.");
    fireEvent.click(screen.getByText("Show all"));
    expect(screen.getByText("Show less").getAttribute("aria-expanded")).toBe("true");
  });

  it("that is lost says that it may have taken effect", () => {
    render(<CallCard call={call({ state: "lost" })} />);
    expect(pageText()).toContain("It may have taken effect; it was not repeated.");
  });

  it("shows the arguments of the model and those of the person", () => {
    render(<CallCard call={call({ arguments: { a: 1 }, edited: { a: 2 } })} />);
    const groups = screen.getAllByRole("group", { hidden: true });
    const labels = groups.map((group) => group.getAttribute("aria-label")).filter(Boolean);
    expect(labels).toEqual(["Arguments", "Your arguments"]);
  });

  it("shows the pictures and sounds of its result, from the host alone", async () => {
    vi.stubGlobal(
      "IntersectionObserver",
      class {
        observe: () => void;
        constructor(seen: (entries: unknown[]) => void) {
          this.observe = () => seen([{ isIntersecting: true }]);
        }
        disconnect = () => {};
      },
    );
    const bytes = { get: vi.fn(async (_: string, type: string) => new Blob(["x"], { type })) };
    const conversations = { bytes } as unknown as Conversations;
    const image: Attachment = {
      type: "attachment",
      kind: "image",
      name: null,
      mediaType: "image/png",
      size: 4,
      hash: "a".repeat(64),
    };
    const sound = { ...image, kind: "file" as const, mediaType: "audio/wav", hash: "b".repeat(64) };
    const hostile = { ...image, kind: "file" as const, mediaType: "text/html", name: "x.html" };
    render(
      <ConversationsContext value={conversations}>
        <CallCard call={call({ result: "[image]", parts: [image, sound, hostile] })} />
      </ConversationsContext>,
    );
    const picture = await screen.findByRole("img");
    expect(picture.getAttribute("src")).toMatch(/^blob:/);
    const player = screen.getByLabelText("Sound in the result");
    await waitFor(() => expect(player.getAttribute("src")).toMatch(/^blob:/));
    expect(bytes.get.mock.calls.map(([hash]) => hash[0]).sort()).toEqual(["a", "b"]);
    expect(screen.getByText("x.html")).toBeTruthy();
    expect(document.querySelector("iframe, object, embed, video")).toBeNull();
    vi.unstubAllGlobals();
  });

  it("of one step stands together with the others of it", async () => {
    const parts = [call({ callId: "a" }), call({ callId: "b" }), call({ callId: "c", step: 2 })];
    const message: StoredMessage = { ...blank("m", "assistant", ""), parts };
    render(<AssistantMessage view={viewOf({ message, run: null })} />);
    const batch = await screen.findByRole("group", { name: "2 tool calls" });
    expect(within(batch).getAllByRole("group", { name: "Tool call send_mail" })).toHaveLength(2);
    expect(screen.getAllByRole("group", { name: "Tool call send_mail" })).toHaveLength(3);
  });
});

describe("an untrusted text", () => {
  it.each([
    ["a right-to-left override", "invoice\u202Efdp.exe", "invoice⟨U+202E⟩fdp.exe"],
    ["a character without width", "pay\u200Bpal", "pay⟨U+200B⟩pal"],
    ["a terminal escape", "\u001B[31mred\u0007", "⟨U+001B⟩[31mred⟨U+0007⟩"],
    ["a carriage return", "good\rbad", "good⟨U+000D⟩bad"],
    ["tag characters", "hi\u{E0041}\u{E0042}", "hi⟨U+E0041⟩⟨U+E0042⟩"],
    ["half a character", "half \ud83d.", "half ⟨U+D83D⟩."],
    ["an invisible letter", "a\u3164b\u2800c", "a⟨U+3164⟩b⟨U+2800⟩c"],
    ["a line separator", "a\u2028b", "a⟨U+2028⟩b"],
  ])("with %s shows it as a marked escape", (_, text, shown) => {
    render(<Verbatim text={text} />);
    expect(pageText()).toBe(shown);
    expect(document.querySelector("mark")?.textContent).toMatch(/^⟨U\+/);
  });

  it("keeps line breaks, tabs and the letters of all languages", () => {
    const text = "one\n\ttwo שלום 日本語 é";
    render(<Verbatim text={text} />);
    expect(pageText()).toBe(text);
    expect(document.querySelector("mark")).toBeNull();
  });

  it("with markup is text: no element, no link, no picture", () => {
    const markup = `<img src=x onerror=alert(1)><a href="https://x.example">x</a> ![p](https://x.example/p.png) [l](javascript:x)`;
    render(<CallCard call={call({ arguments: { markup }, result: markup, tool: markup })} />);
    expect(document.querySelector("img, a, script, iframe")).toBeNull();
    expect(pageText()).toContain(JSON.stringify(markup));
    expect(pageText()).toContain(`Result`);
  });

  it("of 256 KB is shown whole, also if it is nothing but hidden characters", () => {
    const text = "x\u202E".repeat(64_000);
    render(<Verbatim text={text} />);
    expect(pageText()).toBe("x⟨U+202E⟩".repeat(64_000));
  });

  it("that lies 64 levels deep is shown whole", () => {
    let value: JsonValue = "the end";
    for (let level = 0; level < 64; level += 1) value = [value];
    render(<CallCard call={waiting({ arguments: { value } })} />);
    expect(pageText()).toContain("the end");
  });

  it("in the place of arguments is shown as the model wrote it", () => {
    render(<CallCard call={call({ state: "invalid", arguments: '{"a": "\u202E' })} />);
    expect(pageText()).toContain('{"a": "⟨U+202E⟩');
  });
});

describe("a call that waits", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
  const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));
  function show(part: Partial<AnswerCall> = {}, decide: DecideCall = async () => true) {
    const decided = vi.fn(decide);
    render(
      <DecideCallContext value={decided}>
        <CallCard call={waiting(part)} />
      </DecideCallContext>,
    );
    return decided;
  }

  it("says what is called, from where, with what, and what it does, in words", () => {
    show({ reads: true, why: "This conversation has content from strangers." });
    const card = screen.getByRole("group", { name: "Approve send_mail" });
    const text = card.textContent ?? "";
    for (const part of ["send_mail", "mail.py", "ann@example.org", "one\ntwo"]) {
      expect(text).toContain(part);
    }
    expect(
      within(card)
        .getAllByRole("listitem")
        .map(({ textContent }) => textContent),
    ).toEqual(["Reads private data", "Sends data out or changes something"]);
    expect(text).toContain("This conversation has content from strangers.");
    expect(card.contains(document.activeElement)).toBe(false);
  });

  it("does nothing in the first half second", async () => {
    const decided = show();
    press("Allow once");
    await pass(GUARD_MS - 101);
    press("Allow once");
    expect(decided).not.toHaveBeenCalled();
    expect(screen.getByText(strings.tools.pressedEarly)).toBeTruthy();
    const button = screen.getByRole("button", { name: "Allow once" });
    expect(button.getAttribute("aria-disabled")).toBe("true");
    await pass(200);
    press("Allow once");
    expect(decided.mock.calls).toEqual([
      [{ callId: "c1", nonce: "n-1", verdict: "allow", scope: "once" }],
    ]);
  });

  it("does nothing for half a second after it has moved, even right at the press", async () => {
    const decided = show();
    await pass(2 * GUARD_MS);
    const card = screen.getByRole("group", { name: "Approve send_mail" });
    card.getBoundingClientRect = () => new DOMRect(0, 40, 600, 200);
    press("Allow once");
    expect(screen.getByText(strings.tools.pressedEarly)).toBeTruthy();
    await pass(GUARD_MS - 101);
    press("Allow once");
    expect(decided).not.toHaveBeenCalled();
    await pass(200);
    press("Allow once");
    expect(decided).toHaveBeenCalledTimes(1);
    expect(screen.queryByText(strings.tools.pressedEarly)).toBeNull();
  });

  it("is decided once, however often the button is pressed", async () => {
    const decided = show({}, () => new Promise(() => {}));
    await pass(2 * GUARD_MS);
    press("Allow in this conversation");
    press("Allow in this conversation");
    press("Deny");
    expect(decided.mock.calls).toEqual([
      [{ callId: "c1", nonce: "n-1", verdict: "allow", scope: "conversation" }],
    ]);
  });

  it("is denied with a reason", async () => {
    const decided = show();
    await pass(2 * GUARD_MS);
    press("Deny with a reason");
    const field = screen.getByLabelText("Reason for the model");
    expect(document.activeElement).toBe(field);
    fireEvent.change(field, { target: { value: "Not today." } });
    fireEvent.keyDown(field, { key: "Enter" });
    await pass(0);
    expect(decided.mock.calls).toEqual([
      [{ callId: "c1", nonce: "n-1", verdict: "deny", reason: "Not today." }],
    ]);
  });

  it("keeps invalid edits, whether the page or the host refuses them", async () => {
    const refusal = new HostError({
      code: "VALIDATION",
      message: "to: 5 is not a text",
      retryable: false,
      retryAfterMs: null,
      issues: [{ path: "arguments", message: "to: 5 is not a text" }],
      details: null,
    });
    const decided = show({}, () => Promise.reject(refusal));
    await pass(2 * GUARD_MS);
    press("Edit");
    const field = screen.getByLabelText<HTMLTextAreaElement>("Arguments as JSON");
    fireEvent.change(field, { target: { value: '{"to": ' } });
    press("Allow with these arguments");
    expect(screen.getByRole("alert").textContent).toContain("This is not valid JSON");
    fireEvent.change(field, { target: { value: "[1]" } });
    press("Allow with these arguments");
    expect(screen.getByRole("alert").textContent).toContain("This must be a JSON object");
    expect(decided).not.toHaveBeenCalled();
    fireEvent.change(field, { target: { value: '{"to": 5}' } });
    press("Allow with these arguments");
    await pass(2 * GUARD_MS);
    expect(decided.mock.calls[0]?.[0].arguments).toEqual({ to: 5 });
    expect(screen.getByRole("alert").textContent).toContain("to: 5 is not a text");
    expect(field.value).toBe('{"to": 5}');
    press("Allow with these arguments");
    await pass(0);
    expect(decided).toHaveBeenCalledTimes(2);
  });

  it("stays open when Escape ends a composition", async () => {
    show();
    await pass(2 * GUARD_MS);
    press("Edit");
    const field = screen.getByLabelText("Arguments as JSON");
    fireEvent.keyDown(field, { key: "Escape", isComposing: true });
    expect(screen.queryByLabelText("Arguments as JSON")).not.toBeNull();
    fireEvent.keyDown(field, { key: "Escape" });
    expect(screen.queryByLabelText("Arguments as JSON")).toBeNull();
  });

  it("is edited as the same JSON, with hidden characters as escapes", async () => {
    const hidden = "a\u202Eb\u{E0041}\u2800\uE000\u0378";
    show({ arguments: { name: hidden } });
    await pass(2 * GUARD_MS);
    press("Edit");
    const { value } = screen.getByLabelText<HTMLTextAreaElement>("Arguments as JSON");
    expect(value).toContain("a\\u202eb\\udb40\\udc41\\u2800\\ue000\\u0378");
    expect(JSON.parse(value)).toEqual({ name: hidden });
  });

  it("is always allowed where the arguments fit, by default the same ones", async () => {
    const args = { url: "https://docs.example.org/a", path: "/srv/ann/notes/a.md", n: 3, q: "x" };
    const decided = show({ arguments: args });
    await pass(2 * GUARD_MS);
    press("Always allow…");
    const choose = (name: string, value: string) =>
      fireEvent.change(screen.getByLabelText(`Rule for ${name}`), { target: { value } });
    choose("url", "host");
    choose("path", "inside");
    choose("q", "any");
    press("Always allow where this fits");
    await pass(0);
    expect(decided.mock.calls[0]?.[0]).toEqual({
      callId: "c1",
      nonce: "n-1",
      verdict: "allow",
      scope: "always",
      pattern: {
        url: { match: "host", value: "docs.example.org" },
        path: { match: "inside", value: "/srv/ann/notes" },
        n: { match: "exact", value: "3" },
        q: { match: "any", value: "" },
      },
    });
  });

  it("shows what a field would hide in the value of a rule", async () => {
    show({ arguments: { name: "invoice\u202Efdp.exe" } });
    await pass(2 * GUARD_MS);
    press("Always allow…");
    const form = screen.getByRole("group", { name: "Always allow this tool where" });
    expect(form.textContent).toContain("invoice⟨U+202E⟩fdp.exe");
  });

  it("is never allowed again", async () => {
    const decided = show();
    await pass(2 * GUARD_MS);
    press("Always allow…");
    press("Never allow this tool");
    await pass(0);
    expect(decided.mock.calls[0]?.[0]).toMatchObject({ verdict: "deny", scope: "always" });
  });

  it("reports that it was decided before", async () => {
    show({}, async () => false);
    await pass(2 * GUARD_MS);
    press("Allow once");
    await pass(0);
    expect(screen.getByRole("status").textContent).toBe("This was decided in another window.");
  });

  it("closes what is open with Escape, which then does not stop the answer", async () => {
    show();
    await pass(2 * GUARD_MS);
    press("Edit");
    const field = screen.getByLabelText("Arguments as JSON");
    expect(fireEvent.keyDown(field, { key: "Escape" })).toBe(false);
    expect(screen.queryByLabelText("Arguments as JSON")).toBeNull();
    const card = screen.getByRole("group", { name: "Approve send_mail" });
    expect(fireEvent.keyDown(card, { key: "Escape" })).toBe(true);
  });

  it("has no buttons where calls can only be watched", () => {
    render(<CallCard call={waiting()} />);
    expect(screen.queryByRole("button", { name: "Allow once" })).toBeNull();
  });
});
