/** New chats go to the model that the host's settings name now, in every window. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Defaults } from "../src/bridge/contract";
import { followDefaults } from "../src/bridge/defaultModel";
import { createConversations } from "../src/conversations/conversations";
import { fakePage, type ManualPage, manualPage, settled, turn } from "./support";

afterEach(() => {
  vi.useRealTimers();
  sessionStorage.clear();
});

const cloud: Defaults = { providerId: "cloud", modelId: "large" };
/** What `welcome` says. */
const greeted: Defaults = { providerId: "local", modelId: "small" };

const pushed = (value: Defaults) => ({ channel: "topic", name: "defaults", key: "", value });

function conversationsOf({ bridge, llm }: Pick<ManualPage, "bridge" | "llm">) {
  const { client, router, topics } = bridge;
  const host = { client, router, topics, llm };
  const conversations = createConversations({ host, defaults: followDefaults(bridge) });
  conversations.begin();
  const { conversation } = conversations.shown.get();
  return { ...conversations, conversation };
}

describe("the default model", () => {
  it("is the host's last word, whatever it was before the connection was lost", async () => {
    const { bridge, transport } = await manualPage();
    const defaults = followDefaults(bridge);
    expect(defaults.get()).toEqual(greeted);
    transport.push(pushed(cloud));
    expect(defaults.get()).toEqual(cloud);
    transport.peer.lost("gone");
    expect(defaults.get()).toEqual(cloud);
    transport.peer.connected();
    await transport.welcome();
    expect(defaults.get()).toEqual(greeted);
  });

  it("that another window chose is that of a chat without messages, and says so", async () => {
    const page = await manualPage();
    const { conversation } = conversationsOf(page);
    const changed = vi.fn();
    conversation.subscribe(changed);
    page.transport.push(pushed(cloud));
    expect(conversation.model()).toEqual(cloud);
    expect(changed).toHaveBeenCalled();
  });

  it("takes the place of a preferred one that is gone, also in a chat out of view", async () => {
    const page = await manualPage();
    const { conversation, prefer, show, showNew, shown } = conversationsOf(page);
    prefer(cloud);
    show("c-1");
    page.transport.push(pushed({ ...greeted, modelId: "other" }));
    showNew();
    expect(shown.get().conversation).toBe(conversation);
    expect(conversation.model()).toEqual({ ...greeted, modelId: "other" });
  });

  it("takes no model away that was chosen for this chat", async () => {
    const page = await manualPage();
    const { conversation } = conversationsOf(page);
    const chosen = { providerId: "openai", modelId: "gpt" };
    conversation.choose(chosen);
    page.transport.push(pushed(cloud));
    expect(conversation.model()).toEqual(chosen);
  });

  it("is that of the startup again after a reset in the settings", async () => {
    const page = await fakePage();
    const { conversation } = conversationsOf(page);
    const startup = conversation.model();
    for (const [change, model] of [
      [{ defaultProvider: "cloud", defaultModel: "large" }, cloud],
      [{ defaultProvider: null, defaultModel: null }, startup],
    ] as const) {
      const done = page.bridge.client.settings.update(change);
      await turn(40);
      await done;
      expect(conversation.model()).toEqual(model);
    }
    await settled();
  });
});
