/** The display of one answer. */
import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { blank, viewOf } from "../src/conversations/message";
import { AssistantMessage } from "../src/features/transcript/AssistantMessage";
import { fileNameOf } from "../src/features/transcript/CodeActions";

it("shows a notice twice when both runs of a continued answer had it", () => {
  const message = blank("answer", "assistant", "Tides turn.");
  const notice = { code: "HISTORY_TRIMMED" as const, text: "Left out" };
  const view = { ...viewOf({ message, run: null }), notices: [notice, notice] };
  // React warns of equal keys, and a warning is a failure.
  render(<AssistantMessage view={view} />);
  expect(screen.getByRole("article").querySelectorAll("p")).toHaveLength(3);
});

it("puts an answer's titles below those of the page", () => {
  const message = blank("answer", "assistant", "# Tides");
  render(<AssistantMessage view={viewOf({ message, run: null })} />);
  expect(screen.getByRole("heading", { name: "Tides" }).tagName).toBe("H3");
});

it.each([
  ["python", "code.py"],
  ["TypeScript", "code.ts"],
  ["toml", "code.toml"],
  ["../x", "code.txt"],
  ["", "code.txt"],
])("saves code in %s as %s", (language, name) => {
  expect(fileNameOf(language)).toBe(name);
});
