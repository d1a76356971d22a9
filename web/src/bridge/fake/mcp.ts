/** Servers of the fake host; none of them runs. */
import type { AnyTopic, Handlers, McpServerSummary } from "../contract";
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

export function createFakeMcp(publish: (topic: AnyTopic) => void): Handlers["mcp"] {
  let servers = SERVERS;
  const change = (next: readonly McpServerSummary[]) => {
    servers = next;
    publish({ channel: "topic", name: "mcp", key: "", value: [...servers] });
  };
  const find = (name: string): McpServerSummary => {
    const found = servers.find((one) => one.name === name);
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
      change(servers.filter((one) => one.name !== name));
      return [...servers];
    },
    signIn: (name) => put({ ...find(name), state: "ready" }),
    test: (name) => put({ ...find(name), state: "ready" }),
    readImport: () => ({ added: [], problems: { broken: "It has no command." } }),
  };
}
