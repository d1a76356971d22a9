/** Text of an answer names the keys of the system that it is shown on. */
import { render, screen } from "@testing-library/react";
import { expect, it, vi } from "vitest";

vi.mock("../src/markdown", () => ({
  Markdown: ({ labels }: { labels: { selected: string } }) => labels.selected,
}));

it.each([
  ["MacIntel", "Selected: press ⌘+C"],
  ["Linux x86_64", "Selected: press Ctrl+C"],
])("on %s it says “%s” when the clipboard refuses", async (platform, label) => {
  vi.resetModules();
  vi.spyOn(navigator, "platform", "get").mockReturnValue(platform);
  const { TextPart } = await import("../src/features/transcript/parts/TextPart");
  render(<TextPart part={{ type: "text", text: "" }} isOpen={false} />);
  expect(screen.getByText(label)).toBeTruthy();
});
