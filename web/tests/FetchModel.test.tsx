/** Downloading the missing model with one click, with progress and a retry of the answer. */
import { act, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { ModelFetch } from "../src/bridge/contract";
import { createTopics } from "../src/bridge/topics";
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
  const topics = createTopics();
  const model = {
    state: vi.fn(async () => told),
    fetch: vi.fn(async () => told),
    onChange: (listener: (state: ModelFetch | undefined) => void) => topics.on("model", listener),
  };
  const onHere = vi.fn();
  render(
    <SettingsContext value={{ model } as unknown as Settings}>
      <FetchModel onHere={onHere} />
    </SettingsContext>,
  );
  await turn(20);
  /** The next state, for whoever asks. */
  function become(next: ModelFetch) {
    told = next;
  }
  function push(value: ModelFetch) {
    act(() => topics.take({ channel: "topic", name: "model", key: "", value }));
  }
  return { model, onHere, become, push, topics };
}

it("shows how far it is, and asks again once when the model is here", async () => {
  const { model, onHere, become, push } = await shown(missing);
  become(fetching);
  fireEvent.click(screen.getByRole("button", { name: /Download model/ }));
  await turn(20);
  expect(model.fetch).toHaveBeenCalledTimes(1);
  expect(screen.getByText("Looking for the model…")).toBeTruthy();
  push({ ...fetching, doneBytes: 30, totalBytes: 90 });
  expect(screen.getByText("Downloading the model: 33%")).toBeTruthy();
  expect(screen.getByRole("progressbar").getAttribute("value")).toBe(String(30 / 90));
  push({ ...missing, state: "here" });
  expect(screen.queryByRole("progressbar")).toBeNull();
  expect(onHere).toHaveBeenCalledTimes(1);
});

it("says why it failed, and can be asked once more", async () => {
  await shown({ ...missing, problem: "The local model was not downloaded: no way." });
  expect(screen.getByRole("alert").textContent).toContain("no way");
  expect(screen.getByRole("button", { name: /Download model/ })).toBeTruthy();
});

it("offers nothing if the model exists, and does not retry for another window", async () => {
  const { onHere, push } = await shown(fetching);
  push({ ...missing, state: "here" });
  expect(screen.queryByRole("button")).toBeNull();
  expect(onHere).not.toHaveBeenCalled();
});

it("asks again when the connection to the host was lost", async () => {
  const { become, push, topics } = await shown(missing);
  push(fetching);
  become(missing);
  act(() => topics.clear());
  await turn(20);
  expect(screen.getByRole("button", { name: /Download model/ })).toBeTruthy();
});
