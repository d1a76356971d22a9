/** A part that is loaded after the first page. */
import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { strings } from "../src/i18n";
import { loadParts } from "../src/lib/loadParts";
import { lazyPart } from "../src/ui/lazyPart";

const Field = () => <input aria-label="field" />;

it("is there in the same render when it was loaded ahead", async () => {
  const load = vi.fn(async () => Field);
  const Part = lazyPart(load);
  await loadParts();
  render(<Part />);
  expect(screen.getByLabelText("field")).toBeTruthy();
  expect(load).toHaveBeenCalledOnce();
});

it("that could not be loaded ahead is loaded when it is shown, and by another try", async () => {
  vi.spyOn(console, "error").mockReturnValue(undefined);
  const load = vi.fn(async (): Promise<typeof Field> => {
    throw new TypeError("no connection");
  });
  const Part = lazyPart(load, (problem) => <section aria-label="frame">{problem}</section>);
  await loadParts();
  render(<Part />);
  const retry = await screen.findByRole("button", { name: strings.tryAgain });
  expect(screen.getByLabelText("frame").contains(retry)).toBe(true);
  load.mockResolvedValue(Field);
  fireEvent.click(retry);
  expect(await screen.findByLabelText("field")).toBeTruthy();
});
