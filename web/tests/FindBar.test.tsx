/** Finding words in a long conversation. */
import { act, fireEvent, render, screen } from "@testing-library/react";
import { createRef } from "react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Conversation } from "../src/conversations/conversation";
import { FindBar } from "../src/features/chat/FindBar";
import { mark } from "../src/features/transcript/highlightMatches";
import type { StickToBottom } from "../src/features/transcript/useStickToBottom";
import { createStore } from "../src/lib/store";

const highlights = new Map<string, ReadonlySet<Range>>();

beforeEach(() => {
  // happy-dom has no highlights; like a browser's, this one takes its first ranges as arguments.
  class Highlight extends Set<Range> {
    constructor(...ranges: Range[]) {
      super(ranges);
    }
  }
  vi.stubGlobal("Highlight", Highlight);
  vi.stubGlobal("CSS", { highlights });
  // Nor does it know the element `search`, about which React would warn.
  const create = document.createElement.bind(document);
  vi.spyOn(document, "createElement").mockImplementation((name: string) =>
    create(name === "search" ? "div" : name),
  );
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  highlights.clear();
});

it("highlights more places than a call may have arguments", () => {
  const ranges = Array.from({ length: 200_000 }, () => ({}) as Range);
  const unmark = mark("sought", ranges);
  expect(highlights.get("sought")?.size).toBe(200_000);
  unmark();
  expect(highlights.size).toBe(0);
});

it("goes through the newest places of a word that a conversation is full of", async () => {
  const words = "tide ".repeat(500);
  const texts = Array.from({ length: 25 }, (_, at) => ({ name: `text-${at}` }));
  const frame = createRef<HTMLDivElement>();
  const content = createRef<HTMLDivElement>();
  const follow = { frame, content, stopFollowing() {} } as unknown as StickToBottom;
  const conversation = createStore({ messages: [], earlier: 0 }) as unknown as Conversation;
  await act(async () =>
    render(
      <>
        <div ref={frame}>
          <div ref={content}>
            {texts.map(({ name }) => (
              <p key={name} className="message-text" id={name}>
                {words}
              </p>
            ))}
          </div>
        </div>
        <FindBar conversation={conversation} follow={follow} openCount={1} onClose={() => {}} />
      </>,
    ),
  );
  fireEvent.change(screen.getByRole("textbox"), { target: { value: "tide" } });
  expect(screen.getByRole("status").textContent).toBe("10,000 of 10,000+");
  const [first] = highlights.get("sought") ?? [];
  expect(first?.startContainer.parentElement?.id).toBe("text-5");
  fireEvent.change(screen.getByRole("textbox"), { target: { value: "tides" } });
  expect(screen.getByRole("status").textContent).toBe("Not found");
  expect(highlights.size).toBe(0);
});
