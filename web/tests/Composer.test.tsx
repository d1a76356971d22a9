/** What keys, clicks and the caret do in the message box, over the fake host. */
import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { App } from "../src/App";
import type { FakeSettings } from "../src/bridge/fake/settings";
import type { Shell } from "../src/bridge/llmApi";
import { createConversations } from "../src/conversations/conversations";
import { createSettings } from "../src/settings/settings";
import { fakePage, turn } from "./support";

// Testing Library turns a fake clock only where it finds one of this name.
beforeEach(() => void vi.stubGlobal("jest", { advanceTimersByTime: vi.advanceTimersByTime }));

afterEach(() => {
  vi.useRealTimers();
  localStorage.clear();
  sessionStorage.clear();
});

async function shown(settings: Partial<FakeSettings> = {}) {
  const page = await fakePage({ rate: 100, ...settings });
  const { bridge, llm } = page;
  const conversations = createConversations({
    host: { client: bridge.client, router: bridge.router, topics: bridge.topics, llm },
  });
  conversations.begin();
  const shell = { openWindow: vi.fn(), openLink: vi.fn() } as unknown as Shell;
  const known = createSettings(bridge, () => {});
  render(<App {...{ bridge, shell, conversations, watched: null }} settings={known} />);
  await turn(100);
  return { ...page, conversations, person: userEvent.setup({ delay: null }) };
}

const box = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message" });

describe("the caret", () => {
  it("stays where one writes when there is no prompt to step to", async () => {
    const { person } = await shown();
    await person.type(box(), "a tide");
    await person.keyboard("{Control>}{ArrowDown}{ArrowUp}{/Control}");
    await turn(40);
    await person.type(box(), "low ", { initialSelectionStart: 2, initialSelectionEnd: 2 });
    expect(box().value).toBe("a low tide");
    expect(box().selectionStart).toBe(6);
  });

  it("is behind a prompt that was stepped to", async () => {
    const { person } = await shown({ rate: 0 });
    await person.type(box(), "a tide{Enter}");
    await turn(2_000);
    await person.keyboard("{Control>}{ArrowUp}{/Control}");
    await turn(40);
    expect(box().value).toBe("a tide");
    expect(box().selectionStart).toBe(6);
  });
});
