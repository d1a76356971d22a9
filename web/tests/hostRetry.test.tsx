/** What the page could not ask of its host is asked again when the host answers. */
import { act, render, screen } from "@testing-library/react";
import { useSyncExternalStore } from "react";
import { afterEach, expect, it, vi } from "vitest";
import type { Bridge } from "../src/bridge/bridge";
import type { ModelSummary } from "../src/bridge/contract";
import { onReady } from "../src/bridge/onReady";
import { useModel } from "../src/features/models/useModel";
import { createSettings } from "../src/settings/settings";
import { SettingsContext } from "../src/settings/useSettings";
import { ConnectionContext } from "../src/ui/form/useHostRetry";
import { settled, strangePage } from "./support";

afterEach(() => void vi.useRealTimers());

/** Longer than the page waits for a host. */
const SLOW_START_MS = 12_000;
const BY = { providerId: "local", modelId: "small" };

function Model({ bridge }: { readonly bridge: Bridge }) {
  const connection = useSyncExternalStore(bridge.onConnection, bridge.connection);
  return (
    <ConnectionContext value={connection}>
      <ModelName />
    </ConnectionContext>
  );
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
      <Model bridge={page.bridge} />
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
