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

async function renderFetch(first: ModelFetch) {
  let state = first;
  const topics = createTopics();
  const model = {
    state: vi.fn(async () => state),
    fetch: vi.fn(async () => state),
    onChange: (listener: (state: ModelFetch | undefined) => void) => topics.on("model", listener),
  };
  const onReady = vi.fn();
  render(
    <SettingsContext value={{ model } as unknown as Settings}>
      <FetchModel onReady={onReady} />
    </SettingsContext>,
  );
  await turn(20);
  /** Sets the state that the next request returns. */
  function setNext(next: ModelFetch) {
    state = next;
  }
  function push(value: ModelFetch) {
    act(() => topics.take({ channel: "topic", name: "model", key: "", value }));
  }
  return { model, onReady, setNext, push, topics };
}

it("shows how far it is, and asks again once when the model is here", async () => {
  const { model, onReady, setNext, push } = await renderFetch(missing);
  setNext(fetching);
  fireEvent.click(screen.getByRole("button", { name: /Download model/ }));
  await turn(20);
  expect(model.fetch).toHaveBeenCalledTimes(1);
  expect(screen.getByText("Looking for the model…")).toBeTruthy();
  push({ ...fetching, doneBytes: 30, totalBytes: 90 });
  expect(screen.getByText("Downloading the model: 33%")).toBeTruthy();
  expect(screen.getByRole("progressbar").getAttribute("value")).toBe(String(30 / 90));
  push({ ...missing, state: "here" });
  expect(screen.queryByRole("progressbar")).toBeNull();
  expect(onReady).toHaveBeenCalledTimes(1);
});

it("says why it failed, and can be asked once more", async () => {
  await renderFetch({ ...missing, problem: "The local model was not downloaded: no way." });
  expect(screen.getByRole("alert").textContent).toContain("no way");
  expect(screen.getByRole("button", { name: /Download model/ })).toBeTruthy();
});

it("offers nothing if the model exists, and does not retry for another window", async () => {
  const { onReady, push } = await renderFetch(fetching);
  push({ ...missing, state: "here" });
  expect(screen.queryByRole("button")).toBeNull();
  expect(onReady).not.toHaveBeenCalled();
});

it("asks again when the connection to the host was lost", async () => {
  const { setNext, push, topics } = await renderFetch(missing);
  push(fetching);
  setNext(missing);
  act(() => topics.clear());
  await turn(20);
  expect(screen.getByRole("button", { name: /Download model/ })).toBeTruthy();
});
