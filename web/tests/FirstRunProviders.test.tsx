/** The first run: a running server can be used with one click; everything else is in the settings. */
import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { PresetSummary } from "../src/bridge/contract";
import { createConversations } from "../src/conversations/conversations";
import { ConversationsContext } from "../src/conversations/useConversations";
import { FirstRunProviders } from "../src/features/chat/FirstRunProviders";
import type { Settings } from "../src/settings/settings";
import { OpenSettingsContext, SettingsContext } from "../src/settings/useSettings";
import { createToastStore, ToastsContext } from "../src/ui/toasts/toastStore";
import { fakePage, turn } from "./support";

afterEach(() => void vi.useRealTimers());

const ollama: PresetSummary = {
  id: "ollama",
  name: "Ollama",
  baseUrl: "http://127.0.0.1:11434/v1",
  takesKey: false,
  running: true,
  models: ["llama", "qwen"],
  providerId: null,
};

const openai = { id: "openai", name: "OpenAI", defaultModel: "gpt-5.4-mini", problem: null };
const google = { ...openai, id: "google", name: "Google" };

async function renderProviders(
  presets: PresetSummary[],
  known: object = { providers: [], keys: [] },
) {
  const { bridge, llm } = await fakePage();
  const conversations = createConversations({
    host: { client: bridge.client, router: bridge.router, topics: bridge.topics, llm },
  });
  const add = vi.fn(async ({ id }: { id: string }) => ({ id }));
  const update = vi.fn(async () => {});
  const store = { get: () => known, subscribe: () => () => {} };
  const providers = { presets: async () => presets, add };
  const settings = { ...store, loadProviders: async () => {}, providers, update };
  const toasts = createToastStore();
  const open = vi.fn();
  render(
    <ConversationsContext value={conversations}>
      <SettingsContext value={settings as unknown as Settings}>
        <ToastsContext value={toasts}>
          <OpenSettingsContext value={open}>
            <FirstRunProviders />
          </OpenSettingsContext>
        </ToastsContext>
      </SettingsContext>
    </ConversationsContext>,
  );
  await turn(40);
  return { conversations, add, update, open, toasts };
}

const by = { providerId: "ollama", modelId: "llama" };

it("adds a server that runs, and lets its first model answer", async () => {
  const { conversations, add, update, toasts } = await renderProviders([
    ollama,
    { ...ollama, id: "vllm", name: "vLLM", running: false },
  ]);
  expect(screen.queryByRole("button", { name: /vLLM/ })).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: /Use Ollama/ }));
  await turn(40);
  expect(add).toHaveBeenCalledWith(expect.objectContaining({ id: "ollama" }));
  expect(update).toHaveBeenCalledWith({ defaultProvider: "ollama", defaultModel: "llama" });
  expect(conversations.shown.get().conversation.get().by).toEqual(by);
  expect(toasts.get()[0]?.text).toContain("llama from Ollama");
});

it("takes one that was added before as it is", async () => {
  const { conversations, add } = await renderProviders([{ ...ollama, providerId: "ollama" }]);
  fireEvent.click(screen.getByRole("button", { name: /Use Ollama/ }));
  await turn(40);
  expect(add).not.toHaveBeenCalled();
  expect(conversations.shown.get().conversation.get().by).toEqual(by);
});

it("offers a provider whose key is in the environment, and no other one with a key", async () => {
  const { conversations, update, toasts } = await renderProviders([], {
    providers: [openai, google, { ...openai, id: "anthropic", name: "Anthropic", problem: "No" }],
    keys: [
      { providerId: "openai", configured: true, source: "environment" },
      { providerId: "google", configured: true, source: "keychain" },
      { providerId: "anthropic", configured: true, source: "environment" },
    ],
  });
  expect(screen.queryAllByRole("button", { name: /^Use / })).toHaveLength(1);
  fireEvent.click(screen.getByRole("button", { name: /Use OpenAI/ }));
  await turn(40);
  expect(update).toHaveBeenCalledWith({ defaultProvider: "openai", defaultModel: null });
  const answering = { providerId: "openai", modelId: "gpt-5.4-mini" };
  expect(conversations.shown.get().conversation.get().by).toEqual(answering);
  expect(toasts.get()[0]?.text).toContain("gpt-5.4-mini from OpenAI");
});

it("leads into the settings where there is no model yet, or nothing runs", async () => {
  const { open, update } = await renderProviders([{ ...ollama, models: [] }]);
  fireEvent.click(screen.getByRole("button", { name: /Use Ollama/ }));
  await turn(40);
  expect(open).toHaveBeenLastCalledWith("providers");
  expect(update).not.toHaveBeenCalled();
  fireEvent.click(screen.getByRole("button", { name: "Connect a provider" }));
  expect(open).toHaveBeenCalledTimes(2);
});

it("says why a server could not be added", async () => {
  const { add } = await renderProviders([ollama]);
  add.mockRejectedValueOnce(new Error("no room"));
  fireEvent.click(screen.getByRole("button", { name: /Use Ollama/ }));
  await turn(40);
  expect(screen.getByRole("alert").textContent).toContain("Couldn't do that.");
});
