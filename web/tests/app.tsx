/** The whole page over the fake host, for tests of what a person does. */
import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { vi } from "vitest";
import { App } from "../src/App";
import type { Shell } from "../src/bridge/llmApi";
import { createConversations } from "../src/conversations/conversations";
import { createSettings } from "../src/settings/settings";
import { fakePage, turn } from "./support";

export async function shownApp() {
  const page = await fakePage({ rate: 0 });
  const { bridge, llm } = page;
  const conversations = createConversations({
    host: { client: bridge.client, router: bridge.router, topics: bridge.topics, llm },
  });
  conversations.begin();
  const shell = { openWindow: vi.fn(), openLink: vi.fn() } as unknown as Shell;
  const settings = createSettings(bridge, () => {});
  render(<App {...{ bridge, shell, conversations, settings, sharedRun: null }} />);
  await turn(100);
  const person = userEvent.setup({ delay: null });
  const box = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Message" });
  /** Returns the host's answer, after advancing the clock of the test. */
  async function answerTo<T>(call: Promise<T>): Promise<T> {
    await turn(40);
    return call;
  }
  return { ...page, answerTo, conversations, settings, person, box };
}
