/** The names of models, and the availability of providers. */
import { fireEvent, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { createRef } from "react";
import { expect, it } from "vitest";
import type { ModelList, ModelSummary } from "../src/bridge/contract";
import { createAnswerChoice } from "../src/conversations/answerOptions";
import { createConversations } from "../src/conversations/conversations";
import { ConversationsContext } from "../src/conversations/useConversations";
import "../src/features/models/ModelPanel"; // what is fetched when it is needed is there already
import { ModelPicker } from "../src/features/models/ModelPicker";
import { createSettings } from "../src/settings/settings";
import { SettingsContext } from "../src/settings/useSettings";
import { createToastStore, ToastsContext } from "../src/ui/toasts/toastStore";
import { fakePage, settled, turn, until } from "./support";

const BY = { providerId: "cloud", modelId: "tide-4" };

/** The picker over a host whose provider answers with these lists, one after another. */
async function openPanel(
  models: () => Promise<ModelList>,
  notes: Record<string, string> = {},
  described: ModelSummary | null = null,
) {
  const { bridge, llm } = await fakePage();
  const { client, router, topics } = bridge;
  const providers = { ...client.providers, models, describe: async () => described };
  const settings = createSettings({ client: { ...client, providers }, topics }, () => {});
  const known = createConversations({ host: { client, router, topics, llm } });
  const remembered = new Map(Object.entries(notes));
  const conversations = {
    ...known,
    notes: {
      ...known.notes,
      recall: async () => remembered,
      remember: (name: string, text: string | null) => void remembered.set(name, text ?? ""),
    },
  };
  const isSet = client.keys.set({ providerId: "cloud", key: "key-1" });
  await turn(40);
  await isSet;
  const options = createAnswerChoice(null, () => null);
  const page = () =>
    render(
      <ConversationsContext value={conversations}>
        <SettingsContext value={settings}>
          <ToastsContext value={createToastStore()}>
            <ModelPicker
              by={BY}
              choice={options}
              conversationId={null}
              button={createRef()}
              onChoose={() => {}}
              onShowRequest={() => {}}
            />
          </ToastsContext>
        </SettingsContext>
      </ConversationsContext>,
    );
  return { settings, page, conversations, options };
}

const NOTHING_KNOWN = {
  contextTokens: null,
  maxOutputTokens: null,
  images: false,
  files: false,
  tools: false,
  reasoning: false,
  efforts: [],
  inputPrice: null,
  outputPrice: null,
  priceDate: null,
};
const listOf = (...ids: string[]): ModelList => ({
  providerId: "cloud",
  models: ids.map((id): ModelSummary => ({ ...NOTHING_KNOWN, id, name: `The ${id}` })),
  listed: true,
  askedAt: 0,
});
const label = () => document.querySelector("[data-models]")?.textContent;

it("is called by its provider's name before anything was opened", async () => {
  const { page } = await openPanel(async () => listOf());
  page();
  await until(() => expect(label()).toBe("tide-4 · Cloud"));
});

it("keeps the name under which it was chosen after the page is opened anew", async () => {
  const first = await openPanel(async () => listOf("tide-4"));
  const page = first.page();
  await turn(40);
  const person = userEvent.setup({ delay: null });
  await person.click(screen.getByRole("button", { name: /choose another model/ }));
  const options = await until(() => screen.getAllByRole("option", { name: /tide-4/ }));
  await person.click(options.at(-1) as HTMLElement);
  page.unmount();
  const notes = Object.fromEntries(await first.conversations.notes.recall());

  const { page: again } = await openPanel(async () => listOf("tide-4"), notes);
  again();
  await until(() => expect(label()).toBe("The tide-4 · Cloud"));
});

it("leaves the keys of a composition to the input method", async () => {
  const { page } = await openPanel(async () => listOf("tide-4", "tide-5"));
  page();
  await turn(40);
  const person = userEvent.setup({ delay: null });
  await person.click(screen.getByRole("button", { name: /choose another model/ }));
  await until(() => screen.getAllByRole("option", { name: /tide-5/ }));
  const box = screen.getByRole("combobox");
  const active = () => box.getAttribute("aria-activedescendant");
  const before = active();
  fireEvent.keyDown(box, { key: "ArrowUp", isComposing: true });
  fireEvent.keyDown(box, { key: "ArrowDown", isComposing: true });
  fireEvent.keyDown(box, { key: "End", isComposing: true });
  expect(active()).toBe(before);
  fireEvent.keyDown(box, { key: "Escape", isComposing: true });
  expect(screen.queryByRole("combobox")).toBe(box);
  fireEvent.keyDown(box, { key: "Escape" });
  expect(screen.queryByRole("combobox")).toBeNull();
});

it("has the list of the new key when one is set while models are listed", async () => {
  const answers: ((list: ModelList) => void)[] = [];
  const { settings } = await openPanel(() => new Promise((resolve) => answers.push(resolve)));
  void settings.loadModels("cloud");
  const isSet = settings.setKey("cloud", "key-2");
  await turn(40);
  await isSet;
  answers[1]?.(listOf("of-the-new-key"));
  answers[0]?.(listOf("of-the-old-key"));
  await settled();
  const listed = settings.get().lists.cloud;
  expect(listed?.list?.models.map(({ id }) => id)).toEqual(["of-the-new-key"]);
  expect(listed?.isLoading).toBe(false);
});

it("offers no model of a provider that it says is not ready", async () => {
  const { page } = await openPanel(() => Promise.reject(new Error("no route")));
  page();
  await userEvent.setup({ delay: null }).click(screen.getByRole("button"));
  await until(() => screen.getByText(/Needs setup:.*Cloud/));
  const groups = screen.getAllByRole("group").map((group) => group.getAttribute("aria-labelledby"));
  expect(groups.filter((name) => name?.includes("-cloud-"))).toEqual([]);
});

it("offers the efforts that the model takes", async () => {
  const tide: ModelSummary = { ...NOTHING_KNOWN, id: "tide-4", name: "Tide 4" };
  const { page, options } = await openPanel(
    async () => listOf(),
    {},
    {
      ...tide,
      efforts: ["off", "high"],
    },
  );
  page();
  await turn(40);
  const person = userEvent.setup({ delay: null });
  await person.click(screen.getByRole("button"));
  await turn(40);
  const choices = screen.getAllByRole("radio", { hidden: true });
  const offered = choices.map((choice) => choice.parentElement?.textContent);
  expect(offered).toEqual(["Up to the model", "Off", "High"]);
  await person.click(choices[2] as HTMLElement);
  await turn(40);
  expect(options.requestOptions()).toEqual({ effort: "high" });
  await person.click(choices[0] as HTMLElement);
  await turn(40);
  expect(options.requestOptions()).toEqual({});
});

it("offers no effort for a model that takes none", async () => {
  const described = { ...NOTHING_KNOWN, id: "tide-4", name: "Tide 4" };
  const { page } = await openPanel(async () => listOf(), {}, described);
  page();
  await turn(40);
  expect(label()).toBe("Tide 4 · Cloud");
  await userEvent.setup({ delay: null }).click(screen.getByRole("button"));
  await turn(40);
  expect(screen.queryByRole("radiogroup")).toBeNull();
});
