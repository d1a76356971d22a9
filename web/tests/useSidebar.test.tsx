/** The sidebar's state is restored, also for windows without storage of their own. */
import { act, render } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { Conversations } from "../src/conversations/conversations";
import { ConversationsContext } from "../src/conversations/useConversations";
import { type SidebarState, useSidebar } from "../src/features/sidebar/useSidebar";
import { settled } from "./support";

afterEach(() => sessionStorage.clear());

function renderSidebar(note: string | undefined) {
  const remember = vi.fn();
  const recalled = new Map(note === undefined ? [] : [["sidebar", note]]);
  const notes = { recall: async () => recalled, remember };
  const seen: SidebarState[] = [];

  function Seen() {
    seen.push(useSidebar());
    return null;
  }

  render(
    <ConversationsContext value={{ notes } as unknown as Conversations}>
      <Seen />
    </ConversationsContext>,
  );
  const now = () => seen.at(-1) as SidebarState;
  return { now, remember, stored: () => JSON.parse(remember.mock.lastCall?.[1] ?? "null") };
}

it("is as it was left", async () => {
  const note = JSON.stringify({ isClosed: true, width: 300, shut: ["Sea"] });
  const { now } = renderSidebar(note);
  await settled();
  expect(now()).toMatchObject({ isOpen: false, width: 300, shut: ["Sea"] });
  // The same tab knows it at once; the host has the last word.
  expect(renderSidebar(note).now().isOpen).toBe(false);
  const other = renderSidebar(JSON.stringify({ isClosed: false }));
  await settled();
  expect(other.now().isOpen).toBe(true);
});

it("tells what is changed, within bounds", async () => {
  const { now, stored } = renderSidebar(undefined);
  await settled();
  act(() => now().setWidth(10_000));
  act(() => now().toggleFolder("Sea"));
  act(() => now().close());
  expect(stored()).toEqual({ isClosed: true, width: 480, shut: ["Sea"] });
  act(() => now().toggleFolder("Sea"));
  expect(now()).toMatchObject({ isOpen: false, width: 480, shut: [] });
});

it("keeps a change made before the host had answered", async () => {
  const { now } = renderSidebar(JSON.stringify({ isClosed: true, width: 300, shut: [] }));
  act(() => now().setWidth(400));
  await settled();
  expect(now()).toMatchObject({ isOpen: true, width: 400 });
});

it.each(["{", "7", '{"width": 9000}', '{"shut": [1]}', '{"isClosed": "yes"}', "null"])(
  "makes nothing of %s",
  async (note) => {
    const { now } = renderSidebar(note);
    await settled();
    expect(now()).toMatchObject({ isOpen: true, width: 272, shut: [] });
  },
);
