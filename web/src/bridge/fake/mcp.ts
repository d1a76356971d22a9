/** Servers of the fake host; none of them runs. */
import type { AnyTopic, Handlers, McpPrompt, McpResource, McpServerSummary } from "../contract";
import { refusal } from "./refusal";

const OFF: McpServerSummary = {
  name: "time",
  command: ["uvx", "mcp-server-time"],
  url: null,
  folder: null,
  values: [],
  enabled: true,
  state: "idle",
  tools: 2,
  output: "",
};
const SERVERS: readonly McpServerSummary[] = [
  OFF,
  {
    ...OFF,
    name: "notes",
    command: ["npx", "-y", "notes-server", "/home/you/My notes"],
    values: ["NOTES_KEY"],
    state: "failed",
    tools: 0,
    error: "npx is not found. Install Node.js, or write its whole path.",
    output: "npm error code ENOENT\n",
  },
  {
    ...OFF,
    name: "mail",
    command: null,
    url: new URL("/mcp", location.href).href,
    state: "sign_in",
  },
];

const LOG: McpResource = {
  server: "time",
  name: "Tides of today",
  uri: "tides://today",
  description: "High and low water",
  mediaType: "text/plain",
  fields: [],
};
const OF_DAY: McpResource = {
  ...LOG,
  name: "Tides of a day",
  uri: "tides://{day}",
  fields: [{ name: "day", type: "string", required: true }],
};
const PROMPTS: readonly McpPrompt[] = [
  { server: "time", name: "greet", description: "A greeting", fields: [] },
  {
    server: "time",
    name: "plan",
    description: "Plan a day",
    fields: [{ name: "city", type: "string", required: true }],
  },
];

export function createFakeMcp(publish: (topic: AnyTopic) => void): Handlers["mcp"] {
  let servers = SERVERS;
  const change = (next: readonly McpServerSummary[]) => {
    servers = next;
    publish({ channel: "topic", name: "mcp", key: "", value: [...servers] });
  };
  const find = (name: string): McpServerSummary => {
    const found = servers.find((server) => server.name === name);
    if (found === undefined) throw refusal("NOT_FOUND", `There is no server '${name}'`);
    return found;
  };
  const put = (server: McpServerSummary) => {
    change([...servers.filter(({ name }) => name !== server.name), server]);
    return server;
  };
  return {
    list: () => [...servers],
    add({ name, command = null, url = null, values = {} }) {
      if (name === "refused") {
        throw refusal("PERMISSION_DENIED", "You did not agree, so nothing was changed.");
      }
      return put({ ...OFF, name, command, url, values: Object.keys(values) });
    },
    enable: ({ name, enabled }) =>
      put({ ...find(name), enabled, state: enabled ? "ready" : "off" }),
    remove(name) {
      find(name);
      change(servers.filter((server) => server.name !== name));
      return [...servers];
    },
    signIn: (name) => put({ ...find(name), state: "ready" }),
    test: (name) => put({ ...find(name), state: "ready" }),
    resources: () => ({ items: [LOG, OF_DAY], problems: { notes: "npx is not found." } }),
    readResource: ({ name, values: { day = "today" } = {} }) => {
      const title = day === "today" ? "time: tides" : `time: tides of ${day}`;
      const file = { name: title, mediaType: "text/plain", data: btoa(`Tides of ${day}`) };
      if (name !== LOG.uri && name !== OF_DAY.uri) throw refusal("TOOL_FAILED", "Not found");
      return { text: "", files: [file] };
    },
    prompts({ start = false }) {
      const server = servers.find(({ name }) => name === OFF.name);
      if (server === undefined) return { items: [], waiting: [], problems: {} };
      if (start && server.state === "idle") put({ ...server, state: "ready" });
      const isReady = start || server.state === "ready";
      return {
        items: isReady ? [...PROMPTS] : [],
        waiting: isReady ? [] : [server.name],
        problems: {},
      };
    },
    prompt: ({ name, values: { city = "" } = {} }) => {
      if (city === "nowhere") throw refusal("TOOL_FAILED", "time: There is no such city.");
      return { text: name === "greet" ? "Good morning!" : `Plan a day in ${city}.`, files: [] };
    },
    readImport: () => ({ added: [], problems: { broken: "It has no command." } }),
  };
}
