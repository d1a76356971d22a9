/** The display of one answer. */
import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import type { Conversations } from "../src/conversations/conversations";
import { blank, viewOf } from "../src/conversations/message";
import { ConversationsContext } from "../src/conversations/useConversations";
import { AssistantMessage } from "../src/features/transcript/AssistantMessage";
import { fileNameOf } from "../src/features/transcript/CodeActions";
import { createToastStore, ToastsContext } from "../src/ui/toasts/toastStore";

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

it("folds and saves code by one row of actions, which keeps the focus", async () => {
  const user = userEvent.setup();
  const code = "tide()\n".repeat(30);
  const message = blank("answer", "assistant", `\`\`\`python\n${code}\`\`\``);
  const saveText = vi.fn(async () => "/exports/code.py");
  const toasts = createToastStore();
  render(
    <ConversationsContext
      value={{ client: { conversations: { saveText } } } as unknown as Conversations}
    >
      <ToastsContext value={toasts}>
        <AssistantMessage view={viewOf({ message, run: null })} />
      </ToastsContext>
    </ConversationsContext>,
  );
  const focused = () => document.activeElement?.getAttribute("title");
  expect(screen.getByRole("toolbar", { name: "Code actions" })).toBeTruthy();
  await user.tab();
  expect(focused()).toBe("Fold");
  await user.keyboard("{Enter}");
  expect(focused()).toBe("Unfold");
  await user.keyboard("{ArrowRight}{Enter}");
  expect(saveText).toHaveBeenCalledExactlyOnceWith({ name: "code.py", text: code });
  await waitFor(() => expect(toasts.get().at(-1)?.text).toBe("Saved to /exports/code.py"));
  await user.tab();
  expect(document.activeElement).toBe(screen.getByRole("button", { name: "Copy code" }));
});
