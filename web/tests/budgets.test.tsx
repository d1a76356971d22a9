/** Budgets on the page: how much is spent while a run acts, and the card of an answer that has stopped. */
import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { BudgetPause } from "../src/bridge/contract";
import type { FakeSettings } from "../src/bridge/fake/settings";
import { createConversations } from "../src/conversations/conversations";
import { ConversationsContext } from "../src/conversations/useConversations";
import { Chat } from "../src/features/chat/Chat";
import { focusWaitingCard } from "../src/features/tools/focusWaitingCard";
import { GUARD_MS } from "../src/features/tools/useGuard";
import { BudgetCard } from "../src/features/transcript/BudgetCard";
import "../src/features/composer/EstimateLine"; // what is fetched when it is needed is there already
import { StepLine } from "../src/features/transcript/StepLine";
import { createStore } from "../src/lib/store";
import { createSettings } from "../src/settings/settings";
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

const PAUSE: BudgetPause = {
  scope: "day",
  unit: "usd",
  spent: 0.48,
  limit: 0.5,
  needed: 0.06,
  more: 0.5,
  priced: true,
};

async function chat(settings: Partial<FakeSettings>) {
  const { bridge, llm } = await fakePage(settings);
  const { client, router, topics } = bridge;
  const conversations = createConversations({
    host: { client, llm, router, topics },
    defaults: createStore({ providerId: "local", modelId: "m" }),
  });
  render(
    <ConversationsContext value={conversations}>
      <SettingsContext value={createSettings(bridge, () => {})}>
        <ToastsContext value={createToastStore()}>
          <Chat header={{ title: "Tides" }} notice={null} />
        </ToastsContext>
      </SettingsContext>
    </ConversationsContext>,
  );
  const box = screen.getByRole("textbox", { name: "Message" });
  return { client, box };
}

it("says the step and what is spent while a run acts, and then why it has stopped", async () => {
  const { client, box } = await chat({ rate: 0, stream: "budget" });
  const goOn = vi.spyOn(client.conversations, "continueAnswer");
  fireEvent.change(box, { target: { value: "when" } });
  fireEvent.keyDown(box, { key: "Enter" });
  await turn(400);
  expect(screen.getByText("Step 2 of 25 · $0.29 of $0.50")).toBeTruthy();
  expect(screen.queryByRole("region", { name: "Budget reached" })).toBeNull();
  await turn(1_500);
  expect(screen.queryByText(/^Step 2/)).toBeNull();
  const card = screen.getByRole("region", { name: "Budget reached" });
  expect(card.textContent).toContain("Today's budget is used up. $0.48 of $0.50");
  expect(card.textContent).toContain("The next step may cost $0.06 or more.");
  // The banner and its key lead to the card.
  expect(screen.getByRole("button", { name: "Show it" })).toBeTruthy();
  expect(focusWaitingCard()).toBe(true);
  expect(document.activeElement).toBe(card);
  card.getBoundingClientRect = () => new DOMRect(0, 40, 600, 200);
  fireEvent.click(screen.getByRole("button", { name: "Continue with $0.50 more" }));
  expect(card.textContent).toContain("the press did not count");
  expect(goOn).not.toHaveBeenCalled();
  await turn(GUARD_MS + 200);
  fireEvent.click(screen.getByRole("button", { name: "Continue with $0.50 more" }));
  await turn(100);
  expect(goOn.mock.calls[0]?.[0]).toMatchObject({ more: { scope: "day", usd: 0.5 } });
});

it("takes another amount, also by Enter, and none that is no amount", async () => {
  vi.useFakeTimers();
  const onRaise = vi.fn();
  render(<BudgetCard pause={PAUSE} isFree onRaise={onRaise} />);
  const field = screen.getByRole("spinbutton", { name: "US dollars" });
  fireEvent.keyDown(field, { key: "Enter" });
  expect(onRaise).not.toHaveBeenCalled(); // it has only just appeared
  await turn(GUARD_MS + 200);
  for (const text of ["", "0", "-1"]) {
    fireEvent.change(field, { target: { value: text } });
    fireEvent.keyDown(field, { key: "Enter" });
  }
  expect(onRaise).not.toHaveBeenCalled();
  fireEvent.change(field, { target: { value: "1.25" } });
  fireEvent.keyDown(field, { key: "Enter" });
  expect(onRaise).toHaveBeenCalledWith({ scope: "day", usd: 1.25 });
});

it("asks for tokens where the price is not known", async () => {
  vi.useFakeTimers();
  const onRaise = vi.fn();
  const pause = { ...PAUSE, unit: "tokens" as const, spent: 0, limit: 0, needed: 612 };
  render(<BudgetCard pause={{ ...pause, more: 20_000, priced: false }} isFree onRaise={onRaise} />);
  await turn(GUARD_MS + 200);
  expect(document.body.textContent).toContain("The price of this model isn't known.");
  fireEvent.click(screen.getByRole("button", { name: "Continue with 20,000 more tokens" }));
  expect(onRaise).toHaveBeenCalledWith({ scope: "day", tokens: 20_000 });
});

it("says what a run has cost where there is no budget", () => {
  render(<StepLine step={3} maxSteps={25} cost={0.0412} />);
  expect(screen.getByText("Step 3 of 25 · $0.041")).toBeTruthy();
});

it("says below a long draft what it would take, and nothing below a short one", async () => {
  const { client, box } = await chat({ rate: 0 });
  const estimate = vi.spyOn(client.conversations, "estimate");
  fireEvent.change(box, { target: { value: "short" } });
  await turn(1_000);
  expect(estimate).not.toHaveBeenCalled();
  const text = "long ".repeat(500);
  fireEvent.change(box, { target: { value: text } });
  await turn(300);
  fireEvent.change(box, { target: { value: `${text}!` } });
  await turn(1_000);
  expect(screen.getByText("About 626 tokens to read")).toBeTruthy();
  expect(estimate).toHaveBeenCalledTimes(1);
  estimate.mockResolvedValue({
    inputTokens: 5_000,
    exact: true,
    inputCost: 0.015,
    mostCost: 0.975,
    contextTokens: 8_000,
    leftOut: 6,
  });
  fireEvent.change(box, { target: { value: `${text}!!` } });
  await turn(1_000);
  const line = "5,000 tokens to read · $0.015 to read, at most $0.98 with the answer";
  const trimmed = "The 6 oldest messages won't fit and will be left out";
  expect(screen.getByText(`${line} · ${trimmed}`)).toBeTruthy();
});
