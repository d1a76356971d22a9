/** Tools of the fake host, and verdicts about them. The tools do nothing. */
import type { GrantSummary, Handlers, ToolSummary } from "../contract";
import { refusal } from "./refusal";

const CALCULATE: ToolSummary = {
  name: "calculate",
  source: "calculator.py",
  kind: "builtin",
  description: "Compute an arithmetic expression.",
  enabled: false,
  reads: false,
  brings: false,
  sends: false,
  raised: [],
};
const SEND_MAIL: ToolSummary = {
  ...CALCULATE,
  name: "send_mail",
  source: "mail.py",
  kind: "python",
  description: "Send a mail.",
  enabled: true,
  sends: true,
};
const UNTYPED: ToolSummary = {
  ...SEND_MAIL,
  name: "untyped",
  source: "notes.py",
  description: "",
  enabled: false,
  reads: true,
  brings: true,
  problem: "The parameter x has no type.",
};
const DAY_MS = 86_400_000;

export function createFakeTools(): Handlers["tools"] {
  let tools: readonly ToolSummary[] = [CALCULATE, SEND_MAIL, UNTYPED];
  let trustsEdits = false;
  const folder = () => ({ path: "…/tools", trustsEdits });
  const grant = (id: string, part: Partial<GrantSummary>): GrantSummary => ({
    id,
    tool: "send_mail",
    source: "mail.py",
    scope: "always",
    pattern: {},
    verdict: "allow",
    suspended: false,
    createdAt: Date.now() - DAY_MS,
    usedAt: null,
    ...part,
  });
  let grants = [
    grant("1", { pattern: { to: { match: "exact", value: "ann@example.org" } } }),
    grant("2", {
      tool: "untyped",
      source: "notes.py",
      verdict: "deny",
      suspended: true,
      difference: '-  "Search"\n+  "Search and delete"',
    }),
  ];
  return {
    list: () => [...tools],
    enable({ name, enabled }) {
      if (!tools.some((tool) => tool.name === name)) {
        throw refusal("NOT_FOUND", `There is no tool '${name}'`);
      }
      tools = tools.map((tool) => (tool.name === name ? { ...tool, enabled } : tool));
      return [...tools];
    },
    folder,
    openFolder: () => false,
    create: () => ({ path: "…/tools/my_tool.py", opened: false }),
    trustEdits(trusted) {
      trustsEdits = trusted;
      return folder();
    },
    setFlags({ name, flags }) {
      tools = tools.map((tool) => (tool.name === name ? { ...tool, raised: flags } : tool));
      return [...tools];
    },
    grants: () => grants,
    revoke(id) {
      const count = grants.length;
      grants = grants.filter((other) => other.id !== id);
      return grants.length < count;
    },
  };
}
