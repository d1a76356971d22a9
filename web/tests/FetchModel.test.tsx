/** The missing model is fetched by one click, with progress, and then asked again. */
import { fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ModelFetch } from "../src/bridge/contract";
import { FetchModel } from "../src/features/transcript/FetchModel";
import type { Settings } from "../src/settings/settings";
import { SettingsContext } from "../src/settings/useSettings";
import { turn } from "./support";

beforeEach(() => void vi.useFakeTimers({ shouldAdvanceTime: true }));
afterEach(() => void vi.useRealTimers());

const missing: ModelFetch = { state: "missing", doneBytes: 0, totalBytes: 0, problem: null };
const fetching: ModelFetch = { ...missing, state: "fetching" };

async function shown(first: ModelFetch) {
  let told = first;
  const model = { state: vi.fn(async () => told), fetch: vi.fn(async () => told) };
  const onHere = vi.fn();
  render(
    <SettingsContext value={{ model } as unknown as Settings}>
      <FetchModel onHere={onHere} />
    </SettingsContext>,
  );
  await turn(20);
  function tell(next: ModelFetch) {
    told = next;
  }
  return { model, onHere, tell };
}

it("shows how far it is, and asks again once when the model is here", async () => {
  const { model, onHere, tell } = await shown(missing);
  tell(fetching);
  fireEvent.click(screen.getByRole("button", { name: /Fetch the model/ }));
  await turn(20);
  expect(model.fetch).toHaveBeenCalledTimes(1);
  expect(screen.getByText("Looking for the model…")).toBeTruthy();
  tell({ ...fetching, doneBytes: 30, totalBytes: 90 });
  await turn(600);
  expect(screen.getByText("Fetching the model: 33 %")).toBeTruthy();
  expect(screen.getByRole("progressbar").getAttribute("value")).toBe(String(30 / 90));
  tell({ ...missing, state: "here" });
  await turn(600);
  expect(screen.queryByRole("progressbar")).toBeNull();
  expect(onHere).toHaveBeenCalledTimes(1);
});

it("says why it failed, and can be asked once more", async () => {
  await shown({ ...missing, problem: "The local model was not fetched: no way." });
  expect(screen.getByRole("alert").textContent).toContain("no way");
  expect(screen.getByRole("button", { name: /Fetch the model/ })).toBeTruthy();
});

it("offers nothing where the model is here, and does not ask for somebody else", async () => {
  const { onHere, tell } = await shown(fetching);
  tell({ ...missing, state: "here" });
  await turn(600);
  expect(screen.queryByRole("button")).toBeNull();
  expect(onHere).not.toHaveBeenCalled();
});
