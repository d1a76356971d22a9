/** Adding a running server with one click, and editing the address of one that does not answer. */
import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { PresetSummary } from "../src/bridge/contract";
import { AddProvider } from "../src/features/settings/providers/AddProvider";
import type { Settings } from "../src/settings/settings";
import { SettingsContext } from "../src/settings/useSettings";
import { turn } from "./support";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const studio: PresetSummary = {
  id: "lm-studio",
  name: "LM Studio",
  baseUrl: "http://127.0.0.1:1234/v1",
  takesKey: false,
  running: true,
  models: [],
  providerId: null,
};
const remark = {
  code: "ADDRESS_MENDED",
  text: "The address was completed: http://127.0.0.1:4321/v1",
  facts: { address: "http://127.0.0.1:4321/v1" },
} as const;

async function renderForm(preset: PresetSummary) {
  const add = vi.fn(async ({ id }: { id: string }) => ({ id, remark }));
  const providers = { presets: async () => [preset], add };
  const settings = { providers } as unknown as Settings;
  const onAdded = vi.fn();
  render(
    <SettingsContext value={settings}>
      <AddProvider onAdded={onAdded} />
    </SettingsContext>,
  );
  await turn(40);
  fireEvent.click(screen.getByRole("button", { name: /LM Studio/ }));
  await turn(40);
  return { add, onAdded };
}

it("adds a known server that answers at once", async () => {
  const { add } = await renderForm(studio);
  expect(add).toHaveBeenCalledWith(expect.objectContaining({ baseUrl: studio.baseUrl }));
});

it("says that a known server does not answer, and lets its address be changed", async () => {
  const { add, onAdded } = await renderForm({ ...studio, running: false });
  expect(add).not.toHaveBeenCalled();
  const address = screen.getByRole("textbox", { name: "Address (base URL)" });
  expect(address).toHaveProperty("value", studio.baseUrl);
  expect(screen.getByText(/LM Studio isn't responding\./)).toBeDefined();
  fireEvent.change(address, { target: { value: "127.0.0.1:4321" } });
  fireEvent.click(screen.getByRole("button", { name: "Add" }));
  await turn(40);
  expect(add).toHaveBeenCalledWith(
    expect.objectContaining({ id: "lm-studio", baseUrl: "127.0.0.1:4321" }),
  );
  expect(onAdded).toHaveBeenCalledWith({ id: "lm-studio", problem: null, note: remark.text });
});

it("adds it unchanged, for a server that is started later", async () => {
  const { add } = await renderForm({ ...studio, running: false });
  fireEvent.click(screen.getByRole("button", { name: "Add" }));
  await turn(40);
  expect(add).toHaveBeenCalledWith(expect.objectContaining({ baseUrl: studio.baseUrl }));
});
