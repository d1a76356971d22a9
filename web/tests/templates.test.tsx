/** A template is filled in, shown, and sent with its values. */
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { createFakeTemplates } from "../src/bridge/fake/templates";
import { TemplateDialog } from "../src/features/templates/TemplateDialog";
import type { Settings } from "../src/settings/settings";
import { SettingsContext } from "../src/settings/useSettings";

function show(name: string) {
  const fake = createFakeTemplates();
  const templates = {
    list: async () => fake.list(),
    get: async (query: { name: string }) => fake.get(query),
    render: async (asked: Parameters<typeof fake.render>[0]) => fake.render(asked),
  };
  const onSend = vi.fn(async () => {});
  const onClose = vi.fn();
  const settings = { templates } as unknown as Settings;
  render(
    <SettingsContext value={settings}>
      <TemplateDialog name={name} onClose={onClose} onSend={onSend} />
    </SettingsContext>,
  );
  return { onSend, onClose };
}

it("sends nothing before the person has seen the text", async () => {
  const user = userEvent.setup();
  const { onSend, onClose } = show("review");
  await user.type(await screen.findByLabelText(/Language/), "Go");
  await user.type(screen.getByLabelText(/Code/), "x");
  await user.click(screen.getByRole("button", { name: "Preview" }));
  await screen.findByText("You review Go.");
  expect(onSend).not.toHaveBeenCalled();
  // The form is there again with what was entered.
  await user.click(screen.getByRole("button", { name: "Change" }));
  expect(screen.getByLabelText<HTMLInputElement>(/Language/).value).toBe("Go");
  await user.click(screen.getByRole("button", { name: "Preview" }));
  await user.click(await screen.findByRole("button", { name: "Send" }));
  expect(onSend).toHaveBeenCalledWith(
    expect.objectContaining({ user: "Review this:\nx", system: "You review Go." }),
    { name: "review", version: "0123456789abcdef", values: { language: "Go", code: "x" } },
  );
  expect(onClose).toHaveBeenCalled();
});

it("says why a template cannot be shown", async () => {
  show("gone");
  await screen.findByText(/There is no template gone/);
});
