/** The cursor of an idle page stops blinking. */
import { fireEvent, render } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useIdleCaret } from "../src/ui/useIdleCaret";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function Page() {
  useIdleCaret();
  return <textarea aria-label="box" />;
}

const isStill = () => document.documentElement.dataset.still !== undefined;

it("stops blinking after a while without input, and blinks again at the next input", () => {
  const { getByLabelText, unmount } = render(<Page />);
  vi.advanceTimersByTime(7_000);
  expect(isStill()).toBe(false);
  fireEvent.keyDown(getByLabelText("box"), { key: "a" });
  vi.advanceTimersByTime(7_000);
  expect(isStill()).toBe(false);
  vi.advanceTimersByTime(2_000);
  expect(isStill()).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
  fireEvent.pointerMove(document.body);
  expect(isStill()).toBe(false);
  unmount();
  expect(vi.getTimerCount()).toBe(0);
});
