/** Few toasts at a time, but always one for an ongoing action. */
import { waitFor } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { createToastStore } from "../src/ui/toasts/toastStore";

it("show the newest three, and everything that goes on", () => {
  const toasts = createToastStore();
  const texts = () => toasts.get().map(({ text }) => text);
  const running = toasts.show("importing", { progress: 0 });
  for (const text of ["one", "two", "three", "four"]) toasts.show(text);
  expect(texts()).toEqual(["importing", "two", "three", "four"]);
  toasts.change(running, "it came in", { details: ["a remark"] });
  expect(texts()).toEqual(["three", "four", "it came in"]);
  expect(toasts.get().at(-1)?.details).toEqual(["a remark"]);
});

it("undo the newest thing that can be undone, once, and cancel nothing that goes on", () => {
  const toasts = createToastStore();
  const [undo, cancel] = [vi.fn(), vi.fn()];
  toasts.show("moved", { action: { label: "Undo", run: undo } });
  toasts.show("importing", { progress: 0.5, action: { label: "Cancel", run: cancel } });
  expect(toasts.undo()).toBe(true);
  expect(toasts.undo()).toBe(false);
  expect(undo).toHaveBeenCalledOnce();
  expect(cancel).not.toHaveBeenCalled();
});

it("undo what is still being done as soon as it is, and say nothing of it", async () => {
  const toasts = createToastStore();
  const undo = vi.fn();
  let resolve = () => {};
  const done = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  toasts.showWhenDone(done, "deleted", { label: "Undo", run: undo });
  expect(toasts.undo()).toBe(true);
  expect(toasts.undo()).toBe(false);
  expect(undo).not.toHaveBeenCalled();
  resolve();
  await waitFor(() => expect(undo).toHaveBeenCalledOnce());
  expect(toasts.get()).toEqual([]);
});
