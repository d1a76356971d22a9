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
        <div ref={follow.content} onClick={follow.stopFollowing}>
          words
          <textarea aria-label="Edit" />
          <button type="button" aria-label="Menu" onKeyDown={(event) => event.preventDefault()} />
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
const isFollowing = () => screen.queryByText("Jump") === null;

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
  vi.spyOn(HTMLElement.prototype, "scrollTop", "set").mockImplementation((offset) => {
    top = Math.max(0, Math.min(offset, content - FRAME));
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
    for (const scrollAway of [
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
      scrollAway();
      expect(isFollowing()).toBe(false);
      const before = place();
      grow(200);
      expect(place()).toBe(before);
      fireEvent.click(screen.getByText("Jump"));
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

  it("comes back with a scroll that arrives long after its cause", () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      fireEvent.keyDown(frame(), { key: "PageUp" });
      scrollTo(100);
      fireEvent.keyDown(frame(), { key: "PageDown" });
      vi.advanceTimersByTime(60_000);
      scrollTo(content - FRAME);
      expect(isFollowing()).toBe(true);
    } finally {
      vi.useRealTimers();
    }
  });

  it("comes back with the key End, although the end moves when it comes into view", () => {
    fireEvent.keyDown(frame(), { key: "Home" });
    scrollTo(0);
    expect(fireEvent.keyDown(frame(), { key: "End" })).toBe(false);
    expect(isFollowing()).toBe(true);
    content += 300;
    fireEvent.scroll(frame());
    grow(0);
    expect(isFollowing()).toBe(true);
    expect(place()).toBe(content - FRAME);
  });

  it("stays where the program moved the view, also if that is the end", () => {
    fireEvent.click(screen.getByText("words"));
    scrollTo(100);
    scrollTo(content - FRAME);
    expect(isFollowing()).toBe(false);
  });

  it("is not ended by keys of a field or a menu inside the text", () => {
    for (const key of ["Home", "End"]) fireEvent.keyDown(screen.getByLabelText("Menu"), { key });
    fireEvent.keyDown(screen.getByLabelText("Edit"), { key: "ArrowUp" });
    expect(isFollowing()).toBe(true);
    expect(fireEvent.keyDown(screen.getByLabelText("Edit"), { key: "End" })).toBe(true);
  });

  it("ends with Shift and the space bar", () => {
    fireEvent.keyDown(frame(), { key: " ", shiftKey: true });
    expect(isFollowing()).toBe(false);
  });

  it("offers no way to the end where there is nothing to scroll", () => {
    grow(FRAME - content);
    for (const scrollAway of [
      () => fireEvent.click(screen.getByText("words"), { detail: 1 }),
      () => fireEvent.wheel(frame(), { deltaY: -20 }),
    ]) {
      scrollAway();
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
