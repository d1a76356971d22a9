/** The panel beside the chat. */
import { fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { expect, it } from "vitest";
import { SidePanel } from "../src/ui/panel/SidePanel";
import {
  type SidePanelContent,
  SidePanelContext,
  useSidePanel,
} from "../src/ui/panel/useSidePanel";

function Opener() {
  const show = useSidePanel();
  const body = <input aria-label="Search it" />;
  return (
    <button type="button" onClick={() => show({ title: "Tide tables", body })}>
      Open
    </button>
  );
}

function Page() {
  const [panel, setPanel] = useState<SidePanelContent | null>(null);
  return (
    <SidePanelContext value={setPanel}>
      <Opener />
      {panel !== null && (
        <SidePanel title={panel.title} onClose={() => setPanel(null)}>
          {panel.body}
        </SidePanel>
      )}
    </SidePanelContext>
  );
}

function opened(): HTMLElement {
  render(<Page />);
  const opener = screen.getByRole("button", { name: "Open" });
  opener.focus();
  fireEvent.click(opener);
  return opener;
}

it("has the focus while it is open, and Escape gives it back", () => {
  const opener = opened();
  const panel = screen.getByRole("complementary", { name: "Tide tables" });
  expect(document.activeElement).toBe(panel);
  fireEvent.keyDown(screen.getByLabelText("Search it"), { key: "Escape", isComposing: true });
  expect(screen.getByRole("complementary")).toBe(panel);
  fireEvent.keyDown(screen.getByLabelText("Search it"), { key: "Escape" });
  expect(screen.queryByRole("complementary")).toBeNull();
  expect(document.activeElement).toBe(opener);
});

it("becomes wider towards the chat, and is as wide again the next time", () => {
  opened();
  const edge = screen.getByRole("separator");
  const width = () => Number(edge.getAttribute("aria-valuenow"));
  const before = width();
  fireEvent.keyDown(edge, { key: "ArrowLeft" });
  const wider = width();
  expect(wider).toBeGreaterThan(before);
  fireEvent.keyDown(edge, { key: "ArrowRight" });
  fireEvent.keyDown(edge, { key: "Home" });
  fireEvent.keyDown(edge, { key: "ArrowRight" });
  const least = width();
  fireEvent.click(screen.getByRole("button", { name: "Close" }));
  fireEvent.click(screen.getByRole("button", { name: "Open" }));
  expect(Number(screen.getByRole("separator").getAttribute("aria-valuenow"))).toBe(least);
});
