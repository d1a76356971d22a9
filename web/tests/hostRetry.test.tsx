/** What the page could not ask of its host is asked again when the host answers. */
import { act, render, screen } from "@testing-library/react";
import { type ReactNode, useSyncExternalStore } from "react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Bridge } from "../src/bridge/bridge";
import type { Attachment, ModelSummary } from "../src/bridge/contract";
import { onReady } from "../src/bridge/onReady";
import { createConversations } from "../src/conversations/conversations";
import { ConversationsContext } from "../src/conversations/useConversations";
import { AttachmentDialog } from "../src/features/attachments/AttachmentDialog";
import { FirstRunProviders } from "../src/features/chat/FirstRunProviders";
import { useModel } from "../src/features/models/useModel";
import { createSettings } from "../src/settings/settings";
import { SettingsContext } from "../src/settings/useSettings";
import { ConnectionContext } from "../src/ui/form/useHostRetry";
import { createToastStore, ToastsContext } from "../src/ui/toasts/toastStore";
import { manualPage, settled, strangePage } from "./support";

afterEach(() => void vi.useRealTimers());

/** Longer than the page waits for a host. */
const SLOW_START_MS = 12_000;
const BY = { providerId: "local", modelId: "small" };

interface WithBridge {
  readonly bridge: Bridge;
  readonly children: ReactNode;
}

function Connected({ bridge, children }: WithBridge) {
  const connection = useSyncExternalStore(bridge.onConnection, bridge.connection);
  return <ConnectionContext value={connection}>{children}</ConnectionContext>;
}

const ModelName = () => <p role="status">{useModel(BY, true)?.name ?? "unknown"}</p>;

/** A page with settings whose host has not come within the time that it waits. */
async function slowPage() {
  vi.useFakeTimers();
  const page = strangePage();
  const settings = createSettings(page.bridge, () => {});
  onReady(page.bridge, () => void settings.load().catch(() => {}));
  render(
    <SettingsContext value={settings}>
      <Connected bridge={page.bridge}>
        <ModelName />
      </Connected>
    </SettingsContext>,
  );
  await act(() => vi.advanceTimersByTimeAsync(SLOW_START_MS));
  expect(page.bridge.connection().phase).toBe("lost");
  const { transport } = page;
  const callsOf = (method: string) => transport.calls().filter((call) => call.method === method);
  async function start(): Promise<void> {
    transport.peer.connected();
    await act(() => transport.welcome());
    await settled();
  }
  return { ...page, settings, callsOf, start };
}

it("has the settings after a slow start, and again after an outage", async () => {
  const { transport, settings, callsOf, start } = await slowPage();
  await start();
  expect(callsOf("settings.get")).toHaveLength(1);
  const preferences = { shortcuts: { newChat: "Mod+J" } };
  transport.reply(callsOf("settings.get")[0], { preferences, remarks: [] });
  await settled();
  expect(settings.get().preferences).toEqual(preferences);
  act(() => transport.peer.lost("gone"));
  await start();
  expect(callsOf("settings.get")).toHaveLength(2);
});

it("knows the model after a slow start", async () => {
  const { transport, callsOf, start } = await slowPage();
  expect(screen.getByRole("status").textContent).toBe("unknown");
  await start();
  const [call] = callsOf("providers.describe");
  transport.reply(call, { id: "small", name: "Small" } as ModelSummary);
  await settled();
  expect(screen.getByRole("status").textContent).toBe("Small");
  expect(callsOf("providers.describe")).toHaveLength(1);
});

it("offers the servers that run after a slow start", async () => {
  vi.useFakeTimers();
  const { transport, bridge, llm } = strangePage();
  const { client, router, topics } = bridge;
  const conversations = createConversations({ host: { client, router, topics, llm } });
  render(
    <Connected bridge={bridge}>
      <ConversationsContext value={conversations}>
        <SettingsContext value={createSettings(bridge, () => {})}>
          <ToastsContext value={createToastStore()}>
            <FirstRunProviders />
          </ToastsContext>
        </SettingsContext>
      </ConversationsContext>
    </Connected>,
  );
  await act(() => vi.advanceTimersByTimeAsync(SLOW_START_MS));
  transport.peer.connected();
  await act(() => transport.welcome());
  await settled();
  const call = transport.calls().find(({ method }) => method === "providers.presets");
  const preset = { id: "ollama", name: "Ollama", running: true, models: ["llama"] };
  transport.reply(call, [preset, { ...preset, id: "vllm", name: "vLLM", running: false }]);
  await settled();
  expect(screen.getByRole("button", { name: /Use Ollama/ })).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Use vLLM/ })).toBeNull();
});

it("asks once more when the host was lost in between, and not when it refused", async () => {
  const { transport, callsOf, start } = await slowPage();
  await start();
  act(() => transport.peer.lost("gone"));
  await settled();
  await start();
  expect(callsOf("providers.describe")).toHaveLength(2);
  transport.refuse(callsOf("providers.describe")[1], { code: "NOT_FOUND" });
  await settled();
  act(() => transport.peer.lost("gone"));
  await start();
  expect(callsOf("providers.describe")).toHaveLength(2);
});

describe("an attachment", () => {
  const FETCH = "conversations.attachment";

  /** Its dialog, with a host that is lost before it has sent the bytes. */
  async function opened(attachment: Partial<Attachment>) {
    const { transport, bridge, llm } = await manualPage();
    const { client, router, topics } = bridge;
    const conversations = createConversations({ host: { client, router, topics, llm } });
    const shown = { hash: "0".repeat(64), name: "tide", size: 4, ...attachment } as Attachment;
    const none = () => {};
    render(
      <Connected bridge={bridge}>
        <ConversationsContext value={conversations}>
          <ToastsContext value={createToastStore()}>
            <AttachmentDialog
              attachments={[shown]}
              pictures={1}
              place={0}
              onPlace={none}
              onClose={none}
            />
          </ToastsContext>
        </ConversationsContext>
      </Connected>,
    );
    await settled();
    act(() => transport.peer.lost("gone"));
    await settled();
    expect(screen.queryByText("No longer available")).toBeNull();
    transport.peer.connected();
    await act(() => transport.welcome());
    await settled();
    const calls = () => transport.calls().filter(({ method }) => method === FETCH);
    expect(calls()).toHaveLength(2);
    return { transport, call: calls().at(-1) };
  }

  it("that is a picture is there after an outage", async () => {
    const { transport, call } = await opened({ mediaType: "image/png" });
    expect(screen.getByText("Loading…")).toBeTruthy();
    transport.reply(call, { data: btoa("tide") });
    await settled();
    expect(screen.getByRole("img", { name: "tide" })).toBeTruthy();
  });

  it("that is a text is there after an outage", async () => {
    const { transport, call } = await opened({ mediaType: "text/plain" });
    transport.reply(call, { data: btoa("low tide") });
    expect(await screen.findByText("low tide")).toBeTruthy();
  });

  it("that the host has no longer is said to be gone", async () => {
    const { transport, call } = await opened({ mediaType: "image/png" });
    transport.refuse(call, { code: "NOT_FOUND" });
    await settled();
    expect(screen.getByText("No longer available")).toBeTruthy();
  });
});
