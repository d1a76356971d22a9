/** The servers in the settings, with the fake host. */
import { fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { Servers } from "../src/features/settings/Servers";
import { serverOf, splitCommand } from "../src/settings/serverInput";
import { createSettings } from "../src/settings/settings";
import { SettingsContext } from "../src/settings/useSettings";
import { fakePage, turn } from "./support";

afterEach(() => void vi.useRealTimers());

async function openServers() {
  const { bridge } = await fakePage({ rate: 0 });
  const { mcp } = bridge.client;
  const calls = {
    add: vi.spyOn(mcp, "add"),
    enable: vi.spyOn(mcp, "enable"),
    import: vi.spyOn(mcp, "readImport"),
  };
  const settings = createSettings(bridge, () => {});
  render(
    <SettingsContext value={settings}>
      <Servers />
    </SettingsContext>,
  );
  await turn(100);
  return calls;
}

const type = (label: string, value: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value } });

it("shows what runs, how it is, and why it does not run", async () => {
  await openServers();
  expect(screen.getByText('npx -y notes-server "/home/you/My notes"')).toBeTruthy();
  expect(screen.getByText("Starts when it is needed · 2 tools")).toBeTruthy();
  expect(screen.getByText("Gets NOTES_KEY")).toBeTruthy();
  expect(screen.getByRole("alert").textContent).toContain("npx is not found.");
  expect(screen.getByText("npm error code ENOENT", { exact: false })).toBeTruthy();
});

it("switches, tests and removes a server, and hears its state from the host", async () => {
  const { enable } = await openServers();
  fireEvent.click(screen.getByRole("switch", { name: "Use the server time" }));
  await turn(100);
  await turn(100);
  screen.getByText("Off · 2 tools");
  expect(enable).toHaveBeenCalledWith({ name: "time", enabled: false });
  fireEvent.click(screen.getByRole("button", { name: "Test notes" }));
  await turn(100);
  screen.getByText("Ready");
  fireEvent.click(screen.getByRole("button", { name: "Remove notes" }));
  await turn(100);
  expect(screen.queryByText("Ready")).toBeNull();
});

it("offers a sign-in where a server waits for one", async () => {
  await openServers();
  expect(screen.getAllByRole("button", { name: /^Sign in to/ })).toHaveLength(1);
  fireEvent.click(screen.getByRole("button", { name: "Sign in to mail" }));
  await turn(100);
  expect(screen.queryByRole("button", { name: "Sign in to mail" })).toBeNull();
  screen.getByText("Ready · 2 tools");
});

it("adds a command with its words and values, and says why one was refused", async () => {
  const { add } = await openServers();
  const button = () => screen.getByRole<HTMLButtonElement>("button", { name: "Add" });
  expect(button().disabled).toBe(true);
  screen.getByText("Letters, digits, - and _, at most 40.");
  type("Name", "refused");
  type("Command or address", `npx -y 'my server' "a \\"b"`);
  type("Variables or headers", "KEY=a=b\n");
  fireEvent.click(button());
  await turn(100);
  screen.getByText("You did not agree", { exact: false });
  expect(add).toHaveBeenCalledWith({
    name: "refused",
    command: ["npx", "-y", "my server", 'a "b'],
    values: { KEY: "a=b" },
  });
  type("Name", "files");
  fireEvent.click(button());
  await turn(100);
  screen.getByRole("switch", { name: "Use the server files" });
  expect(screen.getByLabelText<HTMLInputElement>("Name").value).toBe("");
});

it("imports a file, and says what was refused", async () => {
  const { import: read } = await openServers();
  const file = new File(['{"mcpServers":{}}'], "claude.json");
  fireEvent.change(screen.getByLabelText("Import servers"), { target: { files: [file] } });
  await turn(100);
  screen.getByText(/No server was imported.*broken: It has no command\./);
  expect(read).toHaveBeenCalledWith('{"mcpServers":{}}');
});

it("offers a sign-in to a failed address, whose service may have refused to renew it", async () => {
  const { bridge } = await fakePage({ rate: 0 });
  const { mcp } = bridge.client;
  const listed = mcp.list();
  await turn(100);
  const servers = await listed;
  vi.spyOn(mcp, "list").mockResolvedValue(
    servers.map((server) => ({ ...server, state: "failed" as const })),
  );
  render(
    <SettingsContext value={createSettings(bridge, () => {})}>
      <Servers />
    </SettingsContext>,
  );
  await turn(100);
  expect(screen.getAllByRole("button", { name: /^Sign in to/ })).toHaveLength(1);
  screen.getByRole("button", { name: "Sign in to mail" });
});

it("takes an address for an address, and nothing that lacks something", () => {
  expect(splitCommand("  a  'b c' \"d e\" ")).toEqual(["a", "b c", "d e"]);
  expect(serverOf("there", "https://a.org/mcp", "")).toEqual({
    name: "there",
    url: "https://a.org/mcp",
    values: {},
  });
  expect(serverOf("a b", "node", "")).toBeNull();
  expect(serverOf("a", " ", "")).toBeNull();
  expect(serverOf("a", "node", "KEY")).toBeNull();
});

/** In these commands and words ~ stands for a backslash. */
it.each([
  ['"C:~Program Files~node.exe" a.js', "C:~Program Files~node.exe", "a.js"],
  ['"C:~~Program Files~~node.exe"', "C:~Program Files~node.exe"],
  ['list "C:~my dir~" "D:~my dir~"', "list", "C:~my dir~", "D:~my dir~"],
  ['"C:~my dir~~" next', "C:~my dir~", "next"],
  ['grep "~d+ ~w"', "grep", "~d+ ~w"],
  ['say "a ~"b c~" d"', "say", 'a "b c" d'],
  ['sh -c "echo ~" hi ~" there"', "sh", "-c", 'echo " hi " there'],
  ["say don't can't", "say", "don't", "can't"],
  ['run "{~"a~" : ~"b~"}"', "run", '{"a" : "b"}'],
  [`run --dir="/my docs" --to='a b'c`, "run", "--dir=/my docs", "--to=a bc"],
  [`run "" ''`, "run", "", ""],
  [`C:~node.exe it's 5" wide`, "C:~node.exe", "it's", '5"', "wide"],
])("reads the words of %s", (command, ...words) => {
  const withBackslashes = (text: string) => text.replaceAll("~", "\\");
  expect(splitCommand(withBackslashes(command))).toEqual(words.map(withBackslashes));
});

it("lets a person add to what a tool is said to do, and take back only that", async () => {
  const { bridge } = await fakePage({ rate: 0 });
  const tool = {
    name: "look",
    source: "time",
    kind: "mcp",
    description: "",
    enabled: true,
    reads: true,
    brings: false,
    sends: true,
    raised: ["sends"],
  } as const;
  vi.spyOn(bridge.client.tools, "list").mockResolvedValue([{ ...tool, raised: ["sends"] }]);
  const set = vi.spyOn(bridge.client.tools, "setFlags");
  render(
    <SettingsContext value={createSettings(bridge, () => {})}>
      <Servers />
    </SettingsContext>,
  );
  await turn(100);
  const group = screen.getByText("Tools of time").closest("details") as HTMLElement;
  const box = (name: string) =>
    within(group).getByRole<HTMLInputElement>("checkbox", { name: `look: ${name}`, hidden: true });
  expect(box("Reads private data").disabled).toBe(true);
  expect(box("Sends data out or changes something").disabled).toBe(false);
  fireEvent.click(box("Brings content from strangers"));
  await turn(100);
  expect(set).toHaveBeenCalledWith({ name: "look", flags: ["sends", "brings"] });
});
