/** Overlays keep the focus and the keys; so does a busy button. */
import { act, fireEvent, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useRef, useState } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Conversations, createConversations } from "../src/conversations/conversations";
import { ConversationsContext } from "../src/conversations/useConversations";
import { AttachmentDialog } from "../src/features/attachments/AttachmentDialog";
import { Chat } from "../src/features/chat/Chat";
import { useShortcuts } from "../src/features/shortcuts/useShortcuts";
import { useSidebar } from "../src/features/sidebar/useSidebar";
import { isCovered } from "../src/lib/overlays";
import { createSettings } from "../src/settings/settings";
import { SettingsContext } from "../src/settings/useSettings";
import { Button } from "../src/ui/Button";
import { Dialog } from "../src/ui/Dialog";
import { Menu } from "../src/ui/Menu";
import { createToastStore, ToastsContext } from "../src/ui/toasts/toastStore";
import { useFocusFallback } from "../src/ui/useFocusFallback";
import { fakePage, settled, turn } from "./support";

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
  sessionStorage.clear();
});

function Box({ isInDialog }: { readonly isInDialog: boolean }) {
  const box = useRef<HTMLTextAreaElement>(null);
  const [isThere, setIsThere] = useState(true);
  useFocusFallback(box);
  const button = isThere && (
    <button type="button" onClick={() => setIsThere(false)}>
      go
    </button>
  );
  return (
    <>
      <textarea ref={box} aria-label="box" />
      {isInDialog ? (
        <Dialog title="over it" onClose={() => {}}>
          {button}
        </Dialog>
      ) : (
        button
      )}
    </>
  );
}

it.each([true, false])("has the focus of a button that goes away: %s", async (isInDialog) => {
  render(<Box isInDialog={isInDialog} />);
  const button = screen.getByRole("button", { name: "go" });
  button.focus();
  fireEvent.click(button);
  await settled();
  const place = isInDialog ? screen.getByRole("dialog") : screen.getByRole("textbox");
  expect(document.activeElement).toBe(place);
});

it("shows the next picture by the arrow keys as soon as it is open", async () => {
  const onPlace = vi.fn();
  const picture = { type: "attachment", kind: "image", mediaType: "image/png", size: 4 } as const;
  const attachments = ["a", "b"].map((name) => ({ ...picture, name, hash: name.repeat(64) }));
  const bytes = { get: async () => new Blob(["x"]) };
  render(
    <ConversationsContext value={{ bytes } as unknown as Conversations}>
      <ToastsContext value={createToastStore()}>
        <AttachmentDialog {...{ attachments, pictures: 2, place: 0, onPlace }} onClose={() => {}} />
      </ToastsContext>
    </ConversationsContext>,
  );
  screen.getByRole("button", { name: "Close" }).focus();
  await userEvent.keyboard("{ArrowRight}");
  expect(onPlace).toHaveBeenLastCalledWith(1);
});

/** A page in which something is being answered, and its sidebar lies over it. */
async function answering() {
  vi.stubGlobal("matchMedia", () => ({ ...new EventTarget(), matches: true, ...noEvents }));
  const { bridge, llm } = await fakePage({ rate: 10 });
  const conversations = createConversations({
    host: { client: bridge.client, router: bridge.router, topics: bridge.topics, llm },
  });
  const { conversation } = conversations.shown.get();
  const search = vi.fn();
  const seen = { isOpen: false };

  function Page() {
    const sidebar = useSidebar();
    seen.isOpen = sidebar.isOpen;
    useShortcuts(new Proxy({} as never, { get: () => search }));
    return (
      <>
        <button type="button" onClick={sidebar.open}>
          sidebar
        </button>
        <Chat header={{} as never} notice={null} />
      </>
    );
  }

  const settings = createSettings(bridge, () => {});
  render(
    <ConversationsContext value={conversations}>
      <SettingsContext value={settings}>
        <ToastsContext value={createToastStore()}>
          <Page />
        </ToastsContext>
      </SettingsContext>
    </ConversationsContext>,
  );
  await act(async () => void conversation.send("a b c d e f g h i j k l m n o p"));
  await turn(200);
  fireEvent.click(screen.getByText("sidebar"));
  const cover = document.createElement("dialog");
  document.body.append(cover);
  cover.show();
  return { conversation, search, seen, cover };
}

const noEvents = { addEventListener: () => {}, removeEventListener: () => {} };

it("has the keys of the page while it is there", async () => {
  const { conversation, search, seen, cover } = await answering();
  (document.activeElement as HTMLElement | null)?.blur();
  fireEvent.keyDown(document.body, { key: "Escape" });
  fireEvent.keyDown(document.body, { key: "k", code: "KeyK", ctrlKey: true });
  await turn(20);
  expect([conversation.get().run?.get().status, seen.isOpen]).toEqual(["streaming", true]);
  expect(search).not.toHaveBeenCalled();
  cover.remove();
  const popover = document.createElement("div");
  popover.popover = "auto";
  document.body.append(popover);
  fireEvent.keyDown(document.body, { key: "k", code: "KeyK", ctrlKey: true });
  fireEvent.keyDown(document.body, { key: "Escape" });
  expect(search).not.toHaveBeenCalled();
  expect(conversation.get().run?.get().status).toBe("streaming");
  popover.remove();
  // Nor is a key the page's that an input method has taken.
  fireEvent.keyDown(document.body, { key: "k", code: "KeyK", ctrlKey: true, keyCode: 229 });
  expect(search).not.toHaveBeenCalled();
  fireEvent.keyDown(document.body, { key: "k", code: "KeyK", ctrlKey: true });
  expect(search).toHaveBeenCalledTimes(1);
  fireEvent.keyDown(document.body, { key: "Escape", keyCode: 229 });
  expect(seen.isOpen).toBe(true);
  // Over the chat lies the sidebar, which closes first.
  fireEvent.keyDown(document.body, { key: "Escape" });
  expect([conversation.get().run?.get().status, seen.isOpen]).toEqual(["streaming", false]);
  fireEvent.keyDown(document.body, { key: "Escape" });
  expect(conversation.get().run?.get().status).not.toBe("streaming");
});

it("is pressed once while it is busy, and keeps the focus", () => {
  const press = vi.fn();
  const { rerender } = render(<Button onClick={press} />);
  const button = screen.getByRole("button");
  button.focus();
  fireEvent.click(button);
  rerender(<Button isFree={false} onClick={press} />);
  fireEvent.click(button);
  expect(press).toHaveBeenCalledTimes(1);
  expect(button.getAttribute("aria-disabled")).toBe("true");
  expect(document.activeElement).toBe(button);
});

describe("a popover", () => {
  function renderMenu() {
    const pressed = vi.fn();
    const onKey = vi.fn();
    document.addEventListener("keydown", onKey);
    render(
      <>
        <Menu
          label="More"
          icon="…"
          items={[
            { label: "Pin", run: pressed },
            { label: "Delete", run: () => {} },
          ]}
        />
        <button type="button">elsewhere</button>
      </>,
    );
    return { pressed, onKey, user: userEvent.setup() };
  }

  const menu = () => screen.queryByRole("menu");
  const button = () => screen.getByRole("button", { name: "More" });

  it("is nowhere while it is closed, also in a web view without popovers", async () => {
    const { user } = renderMenu();
    expect("showPopover" in HTMLElement.prototype).toBe(false);
    expect(menu()).toBeNull();
    await user.click(button());
    expect(menu()).not.toBeNull();
    expect(isCovered()).toBe(true);
    await user.click(screen.getByText("elsewhere"));
    expect(menu()).toBeNull();
    expect(isCovered()).toBe(false);
  });

  it("takes the focus to its first item, goes round by the arrows, and gives it back", async () => {
    const { user, pressed, onKey } = renderMenu();
    await user.click(button());
    expect(document.activeElement?.textContent).toBe("Pin");
    await user.keyboard("{ArrowUp}");
    expect(document.activeElement?.textContent).toBe("Delete");
    await user.keyboard("{ArrowDown}");
    expect(document.activeElement?.textContent).toBe("Pin");
    await user.keyboard("{Escape}");
    expect(menu()).toBeNull();
    expect(document.activeElement).toBe(button());
    await user.keyboard("{Enter}");
    await user.keyboard("{Enter}");
    expect(pressed).toHaveBeenCalledTimes(1);
    expect(document.activeElement).toBe(button());
    expect(onKey.mock.calls.some(([event]) => event.key === "Escape")).toBe(false);
  });
});

describe("a dialog without a head", () => {
  it("stays when a selection that began in its text ends beside it, and closes by a press", () => {
    const onClose = vi.fn();
    render(
      <Dialog title="bare" isBare onClose={onClose}>
        <p>a text to select</p>
      </Dialog>,
    );
    const dialog = screen.getByRole("dialog");
    fireEvent.pointerDown(screen.getByText("a text to select"));
    fireEvent.click(dialog); // the common ancestor of both ends
    expect(onClose).not.toHaveBeenCalled();
    fireEvent.pointerDown(dialog);
    fireEvent.click(dialog);
    expect(onClose).toHaveBeenCalledTimes(1);
  });
});
