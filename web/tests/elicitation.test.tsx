/** The card by which a server asks the person during a call. */
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import axe from "axe-core";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { AnyEvent, ElicitationAnswer, FormField } from "../src/bridge/contract";
import { HostError } from "../src/bridge/hostError";
import type { Conversations } from "../src/conversations/conversations";
import { ConversationsContext } from "../src/conversations/useConversations";
import CallCard from "../src/features/tools/CallCard";
import { GUARD_MS } from "../src/features/tools/useGuard";
import { strings } from "../src/i18n";
import { forms } from "../src/i18n/forms";
import type { LiveCall } from "../src/llm/parts";
import { beginRun, reduce } from "../src/llm/runReducer";

const FIELDS: FormField[] = [
  { name: "port", type: "integer", required: true },
  { name: "__proto__", type: "string", required: false, default: "tide" },
];
const ELICITATION = {
  id: "q1",
  server: "node server.js --flag",
  message: "Which port?",
  fields: FIELDS,
};

let sent: ElicitationAnswer[] = [];
const answer = vi.fn<(reply: ElicitationAnswer) => Promise<boolean>>();
let now = 0;

beforeEach(() => {
  sent = [];
  answer.mockImplementation(async (reply) => {
    sent.push(reply);
    return sent.length === 1;
  });
  now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
  vi.stubGlobal(
    "ResizeObserver",
    class {
      observe() {}
      disconnect() {}
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

/** The call as it is after these events. */
function callAfter(...events: object[]): LiveCall {
  const call = { channel: "llm:call", callId: "c1", step: 1, ordinal: 0, tool: "start" };
  const flags = { source: "files", arguments: {}, state: "running", reads: true, definition: "" };
  const all = [{ ...call, ...flags, brings: true, sends: true }, ...events].map((event, seq) => ({
    ...event,
    inferenceId: "inf-1",
    seq,
    ms: 0,
  }));
  const [part] = reduce(beginRun("inf-1"), all as AnyEvent[]).parts;
  if (part?.type !== "tool" || part.call === undefined) throw new Error("there is no call");
  return part.call;
}
const asks = (part: object = {}) =>
  callAfter({ channel: "llm:elicitation", callId: "c1", elicitation: { ...ELICITATION, ...part } });

/** Shows the call, and waits until its card is still for long enough. */
async function show(call: LiveCall) {
  const conversations = { client: { llm: { answer } } } as unknown as Conversations;
  const shown = render(
    <ConversationsContext value={conversations}>
      <CallCard call={call} />
    </ConversationsContext>,
  );
  const user = userEvent.setup();
  return { ...shown, user };
}
async function still(): Promise<void> {
  now += GUARD_MS;
  const isReady = () => screen.getByText(forms.decline).getAttribute("aria-disabled") === null;
  await waitFor(() => expect(isReady()).toBe(true));
}

it("names the server by its command, and shows its message as plain text", async () => {
  await show(asks({ message: "<b>hi</b> a\u202eb\nhttps://a.example" }));
  const card = screen.getByRole("group", { name: "node server.js --flag asks you" });
  expect(card.textContent).toContain("<b>hi</b> a⟨U+202E⟩b\nhttps://a.example");
  expect(card.querySelector("b, a, img")).toBeNull();
});

it("sends what is typed once it has been still for a moment, and not before", async () => {
  const { user } = await show(asks());
  await user.type(screen.getByLabelText(/port/), "80{Enter}");
  expect(sent).toEqual([]);
  expect(screen.getByText(strings.tools.pressedEarly)).toBeTruthy();
  await still();
  await user.click(screen.getByText(strings.send));
  const ids = { inferenceId: "inf-1", callId: "c1", elicitationId: "q1" };
  const values = JSON.parse('{"port": 80, "__proto__": "tide"}');
  expect(sent).toEqual([{ ...ids, action: "accept", values }]);
  expect(JSON.stringify(sent)).toContain('"__proto__":"tide"');
});

it.each([
  ["decline", forms.decline],
  ["cancel", forms.cancelCall],
])("can be answered with %s, without any value", async (action, label) => {
  const { user } = await show(asks());
  await user.type(screen.getByLabelText(/port/), "80");
  await still();
  await user.click(screen.getByText(label));
  expect(sent).toMatchObject([{ action, values: {} }]);
});

it("says so if another window was first, and shows a refusal of the host beside its field", async () => {
  answer.mockRejectedValueOnce(
    new HostError({
      code: "VALIDATION",
      message: "port is above 9.",
      issues: [{ path: "port", message: "port is above 9." }],
      retryable: false,
      retryAfterMs: null,
      details: null,
    }),
  );
  answer.mockResolvedValueOnce(false);
  const { user } = await show(asks());
  await still();
  await user.type(screen.getByLabelText(/port/), "80{Enter}");
  expect(await screen.findByText(forms.refused)).toBeTruthy();
  await still();
  await user.click(screen.getByText(strings.send));
  expect(await screen.findByText(forms.answered)).toBeTruthy();
});

it("opens a page only by the click, and shows its host and its whole address", async () => {
  const url = "https://pay.example/a?session=1";
  const { user } = await show(asks({ fields: [], url }));
  const link = screen.getByText<HTMLAnchorElement>(forms.openPage("pay.example"));
  link.addEventListener("click", (event) => {
    if (!event.defaultPrevented) openedUrls.push(link.href);
    event.preventDefault();
  });
  const openedUrls: string[] = [];
  expect(document.body.textContent).toContain(url);
  expect(link.rel).toBe("noopener noreferrer");
  await user.click(link);
  expect(sent).toEqual([]);
  await still();
  await user.click(link);
  expect(sent).toMatchObject([{ action: "accept", values: {} }]);
});

it("keeps what was typed when it moved right at the press", async () => {
  const { user, unmount } = await show(asks());
  await user.type(screen.getByLabelText(/port/), "80");
  await still();
  const card = screen.getByRole("group", { name: "node server.js --flag asks you" });
  card.getBoundingClientRect = () => new DOMRect(0, 40, 600, 200);
  await user.click(screen.getByText(strings.send));
  expect(screen.getByText(strings.tools.pressedEarly)).toBeTruthy();
  unmount();
  await show(asks());
  expect(screen.getByLabelText<HTMLInputElement>(/port/).value).toBe("80");
  expect(sent).toEqual([]);
});

it("is gone when it was answered", () => {
  const question = { channel: "llm:elicitation", callId: "c1", elicitation: ELICITATION };
  const answered = { channel: "llm:elicitation", callId: "c1", action: "decline" };
  expect(callAfter(question).elicitation?.inferenceId).toBe("inf-1");
  expect(callAfter(question, answered).elicitation?.elicitation).toBeUndefined();
});

it("breaks no rule of accessibility", async () => {
  const { container } = await show(asks());
  const rules = { "color-contrast": { enabled: false } }; // nothing is drawn here
  expect((await axe.run(container, { rules })).violations).toEqual([]);
});
