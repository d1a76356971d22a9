/** A part that fails to render leaves the rest of the page intact, and can be retried. */
import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { initialState } from "../src/conversations/machine";
import { MessageRow } from "../src/features/transcript/MessageRow";
import { Transcript } from "../src/features/transcript/Transcript";
import { strings } from "../src/i18n";
import { createStore } from "../src/lib/store";

const broken = vi.hoisted(() => ({ id: "row-2" }));
vi.mock(import("../src/features/transcript/MessageRow"), () => ({
  MessageRow: vi.fn(({ id }: { id: string }) => {
    if (id === broken.id) throw new Error("a defect");
    return <p>{id}</p>;
  }) as unknown as typeof MessageRow,
}));

it("a message that fails to render leaves the others intact, and a retry shows it", () => {
  vi.spyOn(console, "error").mockReturnValue(undefined);
  const nowhere = { current: null };
  const follow = { frame: nowhere, content: nowhere, isFollowing: true, jumpToEnd: () => {} };
  const messages = ["row-1", "row-2", "row-3"];
  const conversation = createStore({ ...initialState("c-1"), messages });
  render(
    <Transcript conversation={conversation as never} follow={follow as never}>
      {null}
    </Transcript>,
  );
  expect(MessageRow).toHaveBeenCalled();
  expect(screen.getByText("row-1")).toBeTruthy();
  expect(screen.getByText("row-3")).toBeTruthy();
  expect(screen.getByRole("alert").textContent).toContain(strings.partFailed.message);
  broken.id = "";
  fireEvent.click(screen.getByRole("button", { name: strings.tryAgain }));
  expect(screen.getByText("row-2")).toBeTruthy();
  expect(screen.queryByRole("alert")).toBe(null);
});
