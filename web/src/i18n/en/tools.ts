/** English texts for tools, their calls and decisions. */
import type { CallState } from "../../bridge/contract";
import { amountsIn } from "../amounts";

const { count, decimal } = amountsIn("en");

export const toolsInEnglish = {
  call: (tool: string) => `Tool call ${tool}`,
  calls: (number: number) => `${number} tool calls`,
  from: (source: string) => `from ${source}`,
  states: {
    proposed: "Being checked",
    invalid: "Invalid",
    waiting: "Waits for your decision",
    allowed: "Allowed",
    approved: "Allowed",
    edited: "Allowed with changes",
    denied: "Denied",
    running: "Running…",
    done: "Done",
    failed: "Failed",
    timed_out: "Timed out",
    cancelled: "Canceled",
    lost: "Lost",
  } satisfies Record<CallState, string>,
  writing: "The model writes the call…",
  size: (bytes: number) =>
    bytes < 1_000
      ? `${count(bytes)} bytes`
      : bytes < 1_000_000
        ? `${decimal(bytes / 1_000, true)} kB`
        : `${decimal(bytes / 1_000_000, true)} MB`,
  arguments: "Arguments",
  noArguments: "No arguments",
  changed: "Your arguments",
  result: "Result",
  sound: "Sound in the result",
  shownOf: (shown: string, whole: string) => `The model was given ${shown} of ${whole}.`,
  showAll: "Show all",
  showLess: "Show less",
  lost: "Tidewire stopped during this call. It may have taken effect; it was not repeated.",

  approve: (tool: string) => `Approve ${tool}`,
  question: (tool: string) => `The model wants to call ${tool}`,
  flags: {
    reads: "Reads private data",
    brings: "Brings content from strangers",
    sends: "Sends data out or changes something",
    none: "Reads no private data, brings nothing from strangers, sends and changes nothing",
  },
  whyAsked: (why: string) => `You are asked even if you allowed this: ${why}`,
  once: "Allow once",
  conversation: "Allow in this conversation",
  always: "Always allow…",
  edit: "Edit",
  deny: "Deny",
  denyReason: "Deny with a reason",
  allowEdited: "Allow with these arguments",
  alwaysTitle: "Always allow this tool where",
  alwaysEvery: "Always allow this tool.",
  alwaysAllow: "Always allow where this fits",
  earlier: (matching: number, calls: number) =>
    calls === 1
      ? `It would ${matching === 1 ? "" : "not "}have allowed the last call.`
      : `It would have allowed ${matching} of the last ${calls} calls.`,
  never: "Never allow this tool",
  rule: (argument: string) => `Rule for ${argument}`,
  ruleValue: (argument: string) => `Value for ${argument}`,
  rules: {
    exact: "is exactly",
    prefix: "begins with",
    host: "is an address on the host",
    inside: "lies inside the folder",
    any: "is anything",
  },
  editTitle: "Arguments as JSON",
  notObject: "This must be a JSON object, such as {}.",
  notJson: (problem: string) => `This is not valid JSON: ${problem}`,
  reason: "Reason for the model",
  pressedEarly: "This has just moved, so the press did not count. Press again.",
  decidedElsewhere: "This was decided in another window.",
  back: "Back",

  waiting: (number: number) =>
    number === 1 ? "Waiting for your decision" : `Waiting for ${number} decisions`,
  waitingIn: (title: string) => `“${title}” waits for your decision`,
  goToCard: "Show it",
  notification: (tool: string) => `A model wants to call ${tool}.`,
  titleMark: (title: string) => `(!) ${title}`,

  chosen: (number: number) => (number === 0 ? "Tools: none" : `Tools: ${number}`),
  menuText: "The model may ask to call these in this conversation.",
  notForModel: (model: string) => `${model} can't use tools.`,
  nothingOn: "No tools are on. Switch some on in the tool settings.",
  settings: "Tool settings",
  attach: "Attach from a server",

  listText:
    "Functions that a model may call. You are asked before each call that you have not allowed.",
  list: "Tools on this computer",
  kinds: { python: "your file", mcp: "server", builtin: "comes with Tidewire" },
  switch: (tool: string) => `Use ${tool}`,
  folder: "Folder",
  folderText: "Each public function of a Python file in this folder is a tool.",
  newTool: "New tool",
  opened: "This file is open in your editor. Saved changes apply at once:",
  written: "This file was created. Open it in an editor. Saved changes apply at once:",
  openFolder: "Open folder",
  folderOutcome: {
    copied: "A browser can't open folders. The path was copied.",
    notCopied: "A browser can't open folders.",
  },
  trustEdits: "Trust my files while I edit them",
  trustEditsText:
    "What you always allow stays allowed when one of your files changes, until you quit Tidewire.",
  empty: "You have no tools of your own yet. “New tool” creates a file that works.",
  grants: "Your permanent decisions",
  noGrants: "No tool is always or never allowed.",
  verdicts: { allow: "Always allowed", deny: "Never allowed" },
  where: (rules: string) => `where ${rules}`,
  ruleIn: (argument: string, rule: string, value: string) =>
    value === "" ? `${argument} ${rule}` : `${argument} ${rule} “${value}”`,
  suspended: "Suspended: the tool has changed, so you are asked before each call again.",
  difference: "What has changed",
  revoke: "Revoke",
  revokeOf: (tool: string) => `Revoke the decision about ${tool}`,
} as const;
