/** The end stays in view until the reader scrolls away, and never against the reader. */
import { act, fireEvent, render, screen } from "@testing-library/react";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { useStickToBottom } from "../src/features/transcript/useStickToBottom";

/** happy-dom has no layout: these are the heights, and what a scroll makes of them. */
let content: number;
let top: number;
const FRAME = 100;
let resized: () => void;

function Page() {
  const follow = useStickToBottom(true);
  return (
    <>
      <div ref={follow.frame} role="log">
        {/* biome-ignore lint/a11y/noStaticElementInteractions: stands for a search hit that is shown */}
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: see above */}
        <div ref={follow.content} onClick={follow.leave}>
          words
        </div>
      </div>
      {!follow.isFollowing && (
        <button type="button" onClick={follow.jumpToEnd}>
          Jump
        </button>
      )}
    </>
  );
}

const frame = () => screen.getByRole("log");
const isFollowing = () => screen.queryByRole("button") === null;

beforeEach(() => {
  content = 500;
  top = 0;
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(run: () => void) {
        resized = run;
      }
      observe() {}
      disconnect() {}
    },
  );
  vi.spyOn(HTMLElement.prototype, "scrollHeight", "get").mockImplementation(() => content);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(FRAME);
  vi.spyOn(HTMLElement.prototype, "scrollTop", "get").mockImplementation(() => top);
  vi.spyOn(HTMLElement.prototype, "scrollTop", "set").mockImplementation((wanted) => {
    top = Math.max(0, Math.min(wanted, content - FRAME));
  });
  render(<Page />);
  grow(0);
});

function grow(by: number): void {
  content += by;
  act(() => resized());
}

function scrollTo(place: number): void {
  frame().scrollTop = place;
  fireEvent.scroll(frame());
}

const place = () => frame().scrollTop;

describe("following", () => {
  // shows: D88
  it("keeps the end in view while the text grows", () => {
    grow(50);
    grow(50);
    expect(place()).toBe(500);
    expect(isFollowing()).toBe(true);
  });

  // shows: D88
  it("ends with the wheel, a key or a finger that goes up; growth moves nothing any more", () => {
    for (const leave of [
      () => fireEvent.wheel(frame(), { deltaY: -20 }),
      () => fireEvent.keyDown(frame(), { key: "PageUp" }),
      () => {
        fireEvent.touchMove(frame());
        scrollTo(place() - 60);
      },
      () => {
        fireEvent.pointerDown(frame());
        scrollTo(place() - 60);
        fireEvent.pointerUp(window);
      },
    ]) {
      leave();
      expect(isFollowing()).toBe(false);
      const before = place();
      grow(200);
      expect(place()).toBe(before);
      fireEvent.click(screen.getByRole("button"));
      expect(isFollowing()).toBe(true);
      expect(place()).toBe(content - FRAME);
    }
  });

  it("does not end because the page's layout moved", () => {
    scrollTo(place() - 80);
    expect(isFollowing()).toBe(true);
    grow(10);
    expect(place()).toBe(content - FRAME);
  });

  it("comes back when the reader scrolls down to the end, not before", () => {
    fireEvent.wheel(frame(), { deltaY: -50 });
    scrollTo(100);
    fireEvent.wheel(frame(), { deltaY: 50 });
    scrollTo(200);
    expect(isFollowing()).toBe(false);
    scrollTo(content - FRAME - 5);
    expect(isFollowing()).toBe(true);
  });

  it("offers no way to the end where there is nothing to scroll", () => {
    grow(FRAME - content);
    for (const leave of [
      () => fireEvent.click(screen.getByText("words"), { detail: 1 }),
      () => fireEvent.wheel(frame(), { deltaY: -20 }),
    ]) {
      leave();
      expect(isFollowing()).toBe(true);
    }
    grow(200);
    fireEvent.wheel(frame(), { deltaY: -20 });
    expect(isFollowing()).toBe(false);
    grow(-200);
    expect(isFollowing()).toBe(true);
  });

  it("does not move text that is being selected", () => {
    const words = screen.getByText("words").firstChild;
    vi.spyOn(document, "getSelection").mockReturnValue({
      isCollapsed: false,
      anchorNode: words,
    } as unknown as Selection);
    const before = place();
    grow(100);
    expect(place()).toBe(before);
    expect(isFollowing()).toBe(false);
  });
});
