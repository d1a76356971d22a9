/** English texts for tool servers. */
import type { McpState } from "../../bridge/contract";

export const mcpInEnglish = {
  title: "MCP servers",
  text: "Programs and services that offer tools. Each one runs only after you have agreed to it.",
  none: "There are no servers yet. Add one below.",
  states: {
    off: "Off",
    consent: "Waits for your consent",
    idle: "Starts when it is needed",
    starting: "Starting…",
    ready: "Ready",
    restarting: "Restarting…",
    sign_in: "Waits for you to sign in",
    failed: "Failed",
    stopping: "Stopping…",
  } satisfies Record<McpState, string>,
  tools: (count: number) => (count === 1 ? "1 tool" : `${count} tools`),
  switch: (name: string) => `Use the server ${name}`,
  gets: (names: string) => `Gets ${names}`,
  signIn: "Sign in",
  signInTo: (name: string) => `Sign in to ${name}`,
  testOf: (name: string) => `Test ${name}`,
  removeOf: (name: string) => `Remove ${name}`,
  output: "Output",
  toolsOf: (name: string) => `Tools of ${name}`,
  flagOf: (tool: string, flag: string) => `${tool}: ${flag}`,
  addTitle: "Add a server",
  addText: "You are asked before anything runs or is contacted.",
  nameText: "Letters, digits, - and _, at most 40.",
  where: "Command or address",
  values: "Variables or headers",
  valuesText: "One NAME=VALUE per line. The values are stored in the keychain.",
  importTitle: "Import servers",
  importText:
    "Choose another program's settings file that contains “mcpServers”. Imported servers are off until you switch them on.",
  imported: (count: number) =>
    count === 0
      ? "No server was imported."
      : count === 1
        ? "1 server was imported. Switch it on to use it."
        : `${count} servers were imported. Switch them on to use them.`,
} as const;
