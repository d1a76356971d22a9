/** Settings save at once; a refused value stays as typed, with an error. */
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, expect, it, type Mock, vi } from "vitest";
import type { Bridge } from "../src/bridge/bridge";
import type {
  BackupInfo,
  ImportState,
  PreferencesChange,
  ProviderSummary,
} from "../src/bridge/contract";
import { type Conversations, createConversations } from "../src/conversations/conversations";
import { ConversationsContext } from "../src/conversations/useConversations";
import { FileForm } from "../src/features/settings/providers/FileForm";
import { idOf } from "../src/features/settings/providers/providerId";
import { SettingsDialog } from "../src/features/settings/SettingsDialog";
import { importResult, strings } from "../src/i18n";
import { settingsTexts } from "../src/i18n/settings";
import type { Section } from "../src/settings/sections";
import { createSettings, type Settings } from "../src/settings/settings";
import { SettingsContext } from "../src/settings/useSettings";
import { Toasts } from "../src/ui/toasts/Toasts";
import { createToastStore, ToastsContext } from "../src/ui/toasts/toastStore";
import { IsBrowserContext } from "../src/ui/useIsBrowser";
import { fakePage, turn } from "./support";

afterEach(() => vi.useRealTimers());

interface Shown {
  readonly settings: Settings;
  readonly conversations: Conversations;
  readonly restored: Mock;
  readonly updates: PreferencesChange[];
  readonly toastTexts: () => string[];
  /** The additional lines of the toasts. */
  readonly details: () => string[];
  readonly close: () => Promise<void>;
  /** Set to make the host refuse every change. */
  refuse: boolean;
}

async function openSettings(
  section: Section,
  backups: BackupInfo[] | Promise<BackupInfo[]> = [],
): Promise<Shown> {
  const { bridge, llm } = await fakePage();
  const page = { refuse: false, updates: [], toastTexts, details, close } as unknown as Shown;
  let added: ProviderSummary[] = [];
  const { providers } = bridge.client;
  const client: Bridge["client"] = {
    ...bridge.client,
    providers: {
      ...providers,
      list: async () => [...(await providers.list()), ...added],
      async add({ id, label }) {
        const [, cloud] = await providers.list();
        const server = { ...cloud, id, name: label, removable: true } as ProviderSummary;
        added = [server];
        return server;
      },
      async remove() {
        added = [];
        return true;
      },
    },
    settings: {
      ...bridge.client.settings,
      update(change) {
        page.updates.push(change);
        return page.refuse
          ? Promise.reject(new Error("the disk is full"))
          : bridge.client.settings.update(change);
      },
    },
  };
  const toasts = createToastStore();
  const settings = createSettings({ client, topics: bridge.topics }, () => {});
  const host = { client, router: bridge.router, topics: bridge.topics, llm };
  const restored = vi.fn(async () => {});
  const own = {
    ...client.conversations,
    backups: async () => backups,
    backupContents: async () => ({ providers: [], choices: [] }),
  };
  const conversations = {
    ...createConversations({ host }),
    client: { ...client, conversations: own },
    restore: restored,
  };
  const view = render(
    <ConversationsContext value={conversations}>
      <SettingsContext value={settings}>
        <ToastsContext value={toasts}>
          <SettingsDialog
            section={section}
            host={bridge.host()}
            kind="loopback"
            onClose={() => {}}
          />
          <Toasts />
        </ToastsContext>
      </SettingsContext>
    </ConversationsContext>,
  );
  await turn(100);

  function toastTexts(): string[] {
    return toasts.get().map(({ text }) => text);
  }

  function details(): string[] {
    return toasts.get().flatMap((toast) => toast.details ?? []);
  }

  async function close(): Promise<void> {
    view.unmount();
    await turn(100);
  }

  return Object.assign(page, { settings, conversations, restored });
}

const field = (name: string) => screen.getByLabelText<HTMLInputElement>(name);
const type = (name: string, value: string) => fireEvent.change(field(name), { target: { value } });
const alert = () => screen.queryByRole("alert")?.textContent ?? null;

async function blur(name: string): Promise<void> {
  fireEvent.blur(field(name));
  await turn(100);
}

it("opens at the section that was asked for, and goes on by the arrows", async () => {
  await openSettings("appearance");
  const chosen = () => screen.getByRole("tab", { selected: true }).textContent;
  expect(chosen()).toBe("Appearance");
  for (const [key, name] of [
    ["ArrowDown", "Shortcuts"],
    ["End", "About"],
    ["ArrowDown", "Providers"],
    ["ArrowUp", "About"],
    ["Home", "Providers"],
  ] as const) {
    fireEvent.keyDown(screen.getByRole("tab", { selected: true }), { key });
    await turn(100);
    expect(chosen()).toBe(name);
    expect(document.activeElement?.textContent).toBe(name);
    expect(screen.getByRole("tabpanel", { name })).toBeTruthy();
  }
});

it("keeps a wait in milliseconds, and all other waits as they are", async () => {
  const { updates } = await openSettings("answers");
  expect(field("Complete answer to a script").value).toBe("120");
  type("Complete answer to a script", "1.5");
  expect(updates).toEqual([]);
  await blur("Complete answer to a script");
  const deadlines = { firstMs: 60_000, firstSilentMs: 300_000, betweenMs: 30_000 };
  expect(updates).toEqual([{ deadlines: { ...deadlines, overallMs: 1_500 } }]);
  await blur("Complete answer to a script");
  expect(updates.length).toBe(1);
});

it("shows which number is invalid, and does not send it", async () => {
  const { updates } = await openSettings("answers");
  for (const wrong of ["0.5", "601", "", "-3"]) {
    type("Complete answer to a script", wrong);
    await blur("Complete answer to a script");
    expect(alert(), wrong).toContain("Enter a value from 1 to 600");
    expect(field("Complete answer to a script").value).toBe(wrong);
  }
  expect(updates).toEqual([]);
});

it("goes back to the defaults, also from a number that is invalid", async () => {
  const { toastTexts } = await openSettings("answers");
  type("Between words", "12");
  await blur("Between words");
  type("Complete answer to a script", "0.5");
  await blur("Complete answer to a script");
  fireEvent.click(screen.getByRole("button", { name: "Reset to default" }));
  await turn(200);
  expect(field("Complete answer to a script").value).toBe("120");
  expect(field("Between words").value).toBe("30");
  expect(alert()).toBeNull();
  expect(toastTexts()).toEqual([]);
});

it("keeps a refused value as it was typed, with the reason", async () => {
  const page = await openSettings("models");
  page.refuse = true;
  type("Instructions", "Be brief.");
  await blur("Instructions");
  expect(alert()).toBe("Not saved: the disk is full");
  expect(field("Instructions").value).toBe("Be brief.");
  page.refuse = false;
  await blur("Instructions");
  expect(alert()).toBeNull();
  expect(page.settings.get().preferences?.defaultSystemPrompt).toBe("Be brief.");
});

it("saves the typed value when it is closed, and shows a refusal", async () => {
  const page = await openSettings("models");
  type("Instructions", "Be brief.");
  await page.close();
  expect(page.updates).toEqual([{ defaultSystemPrompt: "Be brief." }]);
  expect(page.toastTexts()).toEqual([]);

  const other = await openSettings("models");
  other.refuse = true;
  type("Instructions", "Be long.");
  await other.close();
  expect(other.toastTexts()).toEqual(["Not saved: the disk is full"]);
});

it("asks for no temperature, or for one", async () => {
  const { updates } = await openSettings("models");
  expect(field("Temperature").disabled).toBe(true);
  fireEvent.click(field("Model default"));
  await turn(100);
  fireEvent.change(field("Temperature"), { target: { value: "1.2" } });
  fireEvent.pointerUp(field("Temperature"));
  await turn(100);
  fireEvent.click(field("Model default"));
  await turn(100);
  expect(updates).toEqual([
    { defaultTemperature: 0.7 },
    { defaultTemperature: 1.2 },
    { defaultTemperature: null },
  ]);
});

it("keeps a key that was refused in its field, and one that was taken nowhere", async () => {
  const { settings } = await openSettings("providers");
  const save = within(screen.getByText("Cloud").closest("li") as HTMLElement);
  vi.spyOn(settings, "setKey").mockRejectedValueOnce(new Error("no keychain"));
  type("Key for Cloud", "sk-not-a-key-1234");
  await act(async () => fireEvent.click(save.getByRole("button", { name: "Save" })));
  await turn(100);
  expect(alert()).toContain("no keychain");
  expect(field("Key for Cloud").value).toBe("sk-not-a-key-1234");
  fireEvent.click(save.getByRole("button", { name: "Save" }));
  await turn(100);
  expect(field("Key for Cloud").value).toBe("");
  expect(field("Key for Cloud").placeholder).toContain("1234");
  expect(save.getByRole("status").textContent).toContain("started after 0.1 s");
  expect(document.body.innerHTML).not.toContain("sk-not-a-key");
});

it("removes a key after a confirmation", async () => {
  const { settings } = await openSettings("providers");
  const cloud = within(screen.getByText("Cloud").closest("li") as HTMLElement);
  type("Key for Cloud", "sk-not-a-key-1234");
  fireEvent.click(cloud.getByRole("button", { name: "Save" }));
  await turn(200);
  const removeKey = vi.spyOn(settings, "removeKey");
  const remove = cloud.getByRole("button", { name: strings.removeKey });
  fireEvent.click(remove);
  fireEvent.click(remove); // pressed twice by mistake
  expect(cloud.queryByRole("button", { name: strings.removeKeyReally })).toBeNull();
  expect(removeKey).not.toHaveBeenCalled();
  fireEvent.click(remove);
  fireEvent.click(cloud.getByRole("button", { name: strings.removeKeyReally }));
  await turn(100);
  expect(removeKey).toHaveBeenCalledTimes(1);
  expect(cloud.queryByRole("button", { name: strings.removeKey })).toBeNull();
});

it("says of each provider whether it is ready, and has one filled button to go on with", async () => {
  await openSettings("providers");
  const filled = () => [...document.querySelectorAll("li button[class*=filled]")];
  const card = (name: string) => screen.getByText(name, { selector: "strong" }).closest("li");
  expect(card("Cloud")?.textContent).toContain("Needs a key");
  type("Key for Cloud", "sk-not-a-key-1234");
  fireEvent.click(within(card("Cloud") as HTMLElement).getByRole("button", { name: "Save" }));
  await turn(200);
  expect(card("Cloud")?.textContent).toContain("Ready");
  for (const card of document.querySelectorAll("li")) {
    expect(filled().filter((button) => card.contains(button)).length).toBeLessThanOrEqual(1);
  }
  fireEvent.click(
    within(card("Cloud") as HTMLElement).getByRole("button", {
      name: settingsTexts.useInNewChats,
    }),
  );
  await turn(100);
  expect(card("Cloud")?.textContent).toContain(settingsTexts.usedInNewChats);
  expect(filled().some((button) => card("Cloud")?.contains(button))).toBe(false);
});

it("says why the backups are not listed", async () => {
  const backups = Promise.reject(new Error("the disk is gone"));
  backups.catch(() => {});
  await openSettings("data", backups);
  expect(alert()).toContain("the disk is gone");
});

it("restores nothing when the button is pressed twice", async () => {
  const backups = [{ name: "one.zip", createdAt: 0, size: 1 }];
  const { restored } = await openSettings("data", backups);
  const restore = screen.getByRole("button", { name: strings.restore });
  restore.focus();
  fireEvent.click(restore);
  expect(document.activeElement?.textContent).toBe(strings.cancel);
  fireEvent.click(restore);
  await turn(100);
  expect(restored).not.toHaveBeenCalled();
  fireEvent.click(restore);
  await turn(100);
  fireEvent.click(screen.getByRole("button", { name: strings.restoreReally }));
  await turn(100);
  expect(restored).toHaveBeenCalledWith({ name: "one.zip", providers: [], settings: [] });
});

it("refuses reserved keys, and takes keys from another action on request", async () => {
  const { settings } = await openSettings("shortcuts");
  const button = () => screen.getByRole("button", { name: /^Show or hide sidebar/ });
  fireEvent.click(button());
  const press = async (key: string, more = {}) => {
    fireEvent.keyDown(button(), { key, ctrlKey: true, ...more });
    await turn(50);
  };
  await press("w");
  expect(alert()).toContain("reserved by the system");
  await press("k");
  expect(alert()).toContain("Search conversations");
  fireEvent.click(screen.getByRole("button", { name: "Use here instead" }));
  await turn(100);
  expect(settings.get().preferences?.shortcuts).toEqual({ sidebar: "Mod+K", search: "" });
  fireEvent.click(button());
  await press("Backspace", { ctrlKey: false });
  expect(settings.get().preferences?.shortcuts).toEqual({ sidebar: "", search: "" });
  expect(button().textContent).toBe("No shortcut");
});

it("shows the paths of all data", async () => {
  await openSettings("data");
  expect(screen.getByText("…/settings.json")).toBeTruthy();
});

it("has the chosen model answer in the new chat that is open, and the host's one again", async () => {
  const { conversations } = await openSettings("models");
  const by = () => conversations.shown.get().conversation.get().by;
  fireEvent.change(field("Provider"), { target: { value: "cloud" } });
  await turn(100);
  expect(by()).toEqual({ providerId: "cloud", modelId: "SmolLM2-135M-Instruct" });
  fireEvent.change(field("Model"), { target: { value: "large" } });
  await turn(100);
  expect(by()).toEqual({ providerId: "cloud", modelId: "large" });
  fireEvent.change(field("Provider"), { target: { value: "" } });
  await turn(100);
  expect(by()).toBeNull();
});

it.each([
  ["My Server", "my-server"],
  ["Café 2", "cafe-2"],
  ["Мой", "own-t8u6u1"],
  ["  ", ""],
  ["x".repeat(60), "x".repeat(40)],
])("knows “%s” as %s", (name, id) => expect(idOf(name)).toBe(id));

it.each([
  [true, "/models/tide.gguf"],
  [false, null],
])("lets a file of weights be chosen in a window only: %s", async (isWindow, path) => {
  const { bridge } = await fakePage();
  const settings = createSettings(bridge, () => {});
  const refused = vi.spyOn(settings, "chooseModelFile");
  render(
    <SettingsContext value={settings}>
      <IsBrowserContext value={!isWindow}>
        <FileForm onAdded={() => {}} />
      </IsBrowserContext>
    </SettingsContext>,
  );
  const choose = screen.queryByRole("button", { name: settingsTexts.chooseFile });
  expect(choose !== null).toBe(isWindow);
  if (choose === null) return;
  fireEvent.click(choose);
  await turn(100);
  expect(field(settingsTexts.filePath).value).toBe(path);
  refused.mockRejectedValueOnce(new Error("no dialog here"));
  fireEvent.click(choose);
  await turn(100);
  expect(alert()).toContain("no dialog here");
});

/** Adds a server by the form, with a key that is refused. */
async function addServer(settings: Settings): Promise<HTMLElement> {
  vi.spyOn(settings, "setKey").mockRejectedValueOnce(new Error("no keychain"));
  fireEvent.click(screen.getByRole("button", { name: settingsTexts.otherServer }));
  type(strings.name, "Harbour");
  type(strings.address, "https://models.example/v1");
  type(strings.keyIfAny, "sk-not-a-key-1234");
  fireEvent.click(screen.getByRole("button", { name: strings.add }));
  await turn(200);
  return screen.getByText("Harbour").closest("li") as HTMLElement;
}

it("opens the form for a server in a web view that cannot check an address", async () => {
  expect(URL.canParse).toBeUndefined();
  await openSettings("providers");
  fireEvent.click(screen.getByRole("button", { name: settingsTexts.otherServer }));
  type(strings.address, "http://models.example/v1");
  expect(screen.getByText(settingsTexts.plainHttp)).toBeTruthy();
});

it("says nothing of a refused key any more when another one was taken", async () => {
  const { settings } = await openSettings("providers");
  const card = within(await addServer(settings));
  expect(card.getByRole("alert").textContent).toContain("no keychain");
  const key = card.getByLabelText<HTMLInputElement>(strings.keyFor("Harbour"));
  expect(key.getAttribute("aria-invalid")).toBe("true");
  fireEvent.change(key, { target: { value: "sk-not-a-key-5678" } });
  fireEvent.click(card.getByRole("button", { name: strings.save }));
  await turn(200);
  expect(card.queryByRole("alert")).toBeNull();
  expect(key.getAttribute("aria-invalid")).toBeNull();
});

it("leaves the focus alone after a provider was removed", async () => {
  const { settings } = await openSettings("providers");
  const card = within(await addServer(settings));
  fireEvent.click(card.getByRole("button", { name: strings.remove }));
  await turn(200);
  expect(document.activeElement?.textContent).toBe(strings.undo);
  const key = field("Key for Cloud");
  key.focus();
  await act(async () => void settings.loadProviders());
  await turn(200);
  expect(document.activeElement).toBe(key);
});

it("tells of an import in the dialog, and goes on telling when that is closed", async () => {
  const page = await openSettings("data");
  const chosen = new File(["{}"], "export.json", { type: "application/json" });
  let onProgress: (part: number) => void = () => {};
  let finish: (state: ImportState) => void = () => {};
  vi.spyOn(page.conversations, "importFile").mockImplementation((_, onPart) => {
    onProgress = onPart;
    return { cancel: () => {}, result: new Promise((resolve) => (finish = resolve)) };
  });
  fireEvent.change(field(settingsTexts.importTitle), { target: { files: [chosen] } });
  await act(async () => onProgress(0.25));
  const dialog = within(screen.getByRole("dialog"));
  expect(dialog.getByRole("progressbar").getAttribute("value")).toBe("0.25");
  expect(dialog.getByRole("button", { name: strings.cancel })).toBeTruthy();

  await page.close();
  expect(page.toastTexts()).toEqual([strings.importing("export.json", 25)]);
  const remark = { code: "MORE_LEFT_OUT", text: "and more", facts: {} };
  const remarks = [remark, { ...remark }];
  const done = { state: "done", conversations: 1, messages: 2, skipped: 0, remarks, failure: null };
  await act(async () => finish(done as unknown as ImportState));
  await turn(20);
  expect(page.toastTexts()).toEqual([importResult(done as unknown as ImportState)]);
  expect(page.details()).toHaveLength(1);
});
