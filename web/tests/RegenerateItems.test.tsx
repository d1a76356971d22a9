/** The other ways to regenerate an answer. */
import { act, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import type { Conversation } from "../src/conversations/conversation";
import type { Conversations } from "../src/conversations/conversations";
import { ConversationsContext } from "../src/conversations/useConversations";
import { RegenerateItems } from "../src/features/transcript/RegenerateItems";

it("offers the same model of another provider, and two models of one name", async () => {
  const recent = ["near", "far", "here"].map((providerId) => ({
    providerId,
    modelId: "tide",
    name: "Tide",
  }));
  const found = new Map([["models.recent", JSON.stringify(recent)]]);
  const conversations = { notes: { recall: async () => found } } as unknown as Conversations;
  const choose = vi.fn();
  const regenerate = vi.fn();
  const conversation = { choose, regenerate } as unknown as Conversation;
  const by = { providerId: "here", modelId: "tide" };
  render(
    <ConversationsContext value={conversations}>
      <RegenerateItems id="row" by={by} conversation={conversation} />
    </ConversationsContext>,
  );
  await act(async () => {});
  // React warns of equal keys, and a warning is a failure.
  const items = screen.getAllByRole("menuitem", { name: /Tide/ });
  expect(items).toHaveLength(2);
  items[1]?.click();
  expect(choose).toHaveBeenCalledWith({ providerId: "far", modelId: "tide" });
  expect(regenerate).toHaveBeenCalledWith("row");
});
