/** Every text that the page shows, and the model of every other language. */
import type { EndReason, ErrorCode } from "../../bridge/contract";
import { amountsIn } from "../amounts";
import { hostInEnglish } from "../hostMessages";
import { attachmentsInEnglish } from "./attachments";
import { preferencesInEnglish } from "./settings";
import { toolsInEnglish } from "./tools";

const MINUTE_MS = 60_000;
const { count, decimal, dollars } = amountsIn("en");

const EMPTY: Readonly<Record<EndReason, string>> = {
  stop: "The model ended without a word.",
  length: "The answer reached its length limit before the first word.",
  content_filter: "The provider's content filter stopped the answer.",
  tool_calls: "The model called a tool and wrote nothing.",
  other: "The answer ended before the first word.",
  waiting: "The answer waits for your decision.",
  budget: "The budget was reached before the first word.",
  steps: "The answer reached its limit of steps before the first word.",
};

export const english = {
  host: hostInEnglish,

  appName: "Tidewire",
  conversation: "Conversation",
  newChat: "New chat",
  you: "You",
  assistant: "Answer",

  message: "Message",
  placeholder: "Type your message...",
  send: "Send",
  stop: "Stop",
  retry: "Retry",
  dismiss: "Dismiss",
  tryAgain: "Try again",
  refusedPage: "Tidewire does not accept this page. Reload it, or open a new link.",
  partFailed: {
    page: "Part of this page failed. Your conversations are kept.",
    overlay: "This could not be loaded. Check that Tidewire is running.",
    message: "This message cannot be shown.",
  },
  jumpToEnd: "Jump to end",
  keys: "Enter sends, Shift + Enter starts a line, Esc stops",
  keysBusy: "Ctrl + Enter asks it next, Esc stops",
  queued: (text: string) => `Next: ${text}`,
  unqueue: "Take back",

  answerActions: "What to do with this answer",
  questionActions: "What to do with this question",
  edit: "Edit",
  editQuestion: "Edit your question",
  editKeeps: "The old question and its answer stay, as another version.",
  editWaits: "Can be asked once the answer is complete.",
  askAgain: "Ask",
  cancel: "Cancel",
  copy: "Copy",
  copied: "Copied",
  markdown: {
    copy: "Copy",
    copied: "Copied",
    copyCode: "Copy code",
    selected: "Selected: press Ctrl+C",
    wrap: "Wrap",
    fold: "Fold",
    unfold: "Unfold",
    footnotes: "Footnotes",
    formula: "Formula",
    table: "Table",
    backTo: (place: string) => `Back to reference ${place}`,
    task: (isDone: boolean) => (isDone ? "Done" : "Not done"),
    picture: (host: string) => (host === "" ? "Image not shown" : `Image on ${host}, not loaded`),
  },
  saveCode: "Save",
  notCopied: "The clipboard refused it",
  regenerate: "Answer again",
  continueAnswer: "Continue",
  previousVersion: "Previous version",
  nextVersion: "Next version",
  version: (place: number, count: number) => `Version ${place} of ${count}`,
  attachments: attachmentsInEnglish,
  tools: toolsInEnglish,
  loadingEarlier: "Fetching what was said before…",
  gone: "This conversation is no longer there.",
  temporary: "Temporary chat",
  temporaryText: "Temporary: nothing of this chat is kept on this computer.",

  chooseModel: (label: string) => `${label}: choose another model`,
  localModel: "Local model",
  models: "Models",
  findModel: "Find a model",
  local: "on this computer",
  context: (tokens: number) =>
    tokens >= 1_000_000
      ? `${decimal(tokens / 1_000_000, true)}M context`
      : `${Math.round(tokens / 1_000)}k context`,
  price: (input: number, output: number) =>
    input === 0 && output === 0 ? "free" : `$${dollars(input)} / $${dollars(output)}`,
  priceInWords: (input: number, output: number) =>
    input === 0 && output === 0
      ? "free"
      : `$${dollars(input)} in, $${dollars(output)} out for a million tokens`,
  abilities: {
    images: "sees pictures",
    files: "reads files",
    tools: "uses tools",
    reasoning: "thinks first",
  },
  favourites: "Favourites",
  recentModels: "Used lately",
  addFavourite: (model: string) => `Make ${model} a favourite`,
  dropFavourite: (model: string) => `Let ${model} be no favourite`,
  askProviders: "Ask the providers again",
  noModelFound: (query: string) => `No model is called “${query}”.`,
  notReady: "Not ready yet",
  setKey: "Set a key",

  preferences: preferencesInEnglish,
  settings: "Settings",
  openSettings: "Open settings",
  fetchModel: "Fetch the model (93 MB)",
  fetchingModel: (done: number, total: number) =>
    total > 0
      ? `Fetching the model: ${Math.floor((100 * done) / total)} %`
      : "Looking for the model…",
  fetchFailed: "The model could not be fetched.",
  close: "Close",
  theme: "Appearance",
  language: "Language",
  systemLanguage: "As the system",
  themes: { system: "As the system", light: "Light", dark: "Dark" },
  withModel: "With the model",
  standard: "Standard",
  providers: "Providers",
  test: "Test",
  testing: "Testing…",
  remove: "Remove",
  keyFor: (name: string) => `Key for ${name}`,
  keyMissing: "Paste a key",
  keyThere: (hint: string | null, where: string) =>
    `${hint === null ? "A key is there" : `Key ending in ${hint}`}${where}`,
  keySources: {
    keychain: ", in the system's keychain",
    session: ", until Tidewire is closed",
    environment: ", from the environment",
  },
  save: "Save",
  removeKey: "Remove the key",
  removeKeyReally: "Yes, remove it",
  providerName: "Name",
  address: "Address (base URL)",
  keyIfAny: "Key, if it needs one",
  add: "Add",
  backupText: "Everything but keys, as one file in the data directory",
  backupNow: "Back up now",
  backupMade: (name: string) => `${name} was made.`,
  restore: "Restore",
  restoreReally: "Replace everything with this",
  restored: "It is as it was then. What was there before has been backed up, too.",
  consent: {
    legend: "Left out unless you choose it. Take over only what you know.",
    provider: (name: string) => `The provider ${name}`,
    defaultProvider: (whom: string) => `New chats ask ${whom}`,
    titleProvider: (whom: string) => `Titles come from ${whom}`,
    keyEnv: (name: string) => `key from the variable ${name}`,
    headers: (names: string) => `headers ${names}`,
    replaces: "replaces yours",
  },
  size: (bytes: number) =>
    bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${decimal(bytes / 1_000_000, true)} MB`,
  about: (version: string) => `Tidewire ${version}`,

  openSidebar: "Show the sidebar",
  closeSidebar: "Hide the sidebar",
  conversations: "Conversations",
  untitled: "Without a title",
  noConversations: "What you talk about is kept here.",
  groups: {
    pinned: "Pinned",
    today: "Today",
    yesterday: "Yesterday",
    week: "Last 7 days",
    month: "Last 30 days",
  },
  answeringNow: "is being answered",
  search: "Search",
  searchHint: "Search everything",
  searching: "Searching…",
  nothingFound: (query: string) => `Nothing was found for “${query}”.`,
  found: (count: number) => (count === 1 ? "1 hit" : `${count} hits`),
  clearSearch: "Clear the search",
  showMore: "Show more",
  menu: "Menu",
  actionsFor: (title: string) => `Actions for ${title}`,
  rename: "Rename",
  renameLabel: "New name",
  pin: "Pin",
  unpin: "Unpin",
  delete: "Delete",
  exportAs: { md: "Export as Markdown", html: "Export as a web page", json: "Export as JSON" },
  exported: (path: string) => `Written to ${path}`,
  deleted: (title: string) => `“${title}” was deleted.`,
  undo: "Undo",
  notices: "Notices",
  import: "Import",
  importing: (name: string, percent: number) => `Importing ${name}: ${percent} %`,
  imported: (conversations: number, messages: number, skipped: number) =>
    `Import complete: ${conversations > 0 ? `${some(conversations, "conversation")} with ` : ""}${some(
      messages,
      "message",
    )}${skipped > 0 ? `, ${count(skipped)} skipped` : ""}.`,
  allHere: (skipped: number) =>
    skipped === 1
      ? "This conversation is here already."
      : `All ${count(skipped)} are here already.`,
  notAnExport: "This is not an export of Tidewire or ChatGPT.",
  importCancelled: "The import was cancelled; what had come in stays.",
  refusedAction: (message: string) => `That did not work: ${message}`,
  notSaved: (problem: string) => `Nothing can be saved at the moment: ${problem}`,

  foundFirst: (count: number) => `The first ${count} hits. More words make them fewer.`,
  foundSoFar: (count: number) =>
    `${count === 0 ? "Nothing" : count === 1 ? "1 hit" : `${count} hits`} so far. Not everything was searched.`,
  searchMore: "Search more",
  searchAdvice:
    "All words have to be in one message or title. Try fewer words, or the beginning of one; quotation marks look for a phrase.",
  inTitle: "Title",
  folders: {
    move: "Move to folder…",
    title: (title: string) => `Move “${title}” to a folder`,
    find: "Find a folder, or name a new one",
    create: (name: string) => `New folder “${name}”`,
    out: "Out of its folder",
    isHere: "is here",
    none: "There is no folder yet. Type the name of the first one.",
    moved: (title: string, folder: string | null) =>
      folder === null ? `“${title}” is in no folder now.` : `“${title}” is in “${folder}” now.`,
    rename: "Rename folder",
    renameLabel: "New name of the folder",
    merged: (name: string, other: string) => `What was in “${name}” is in “${other}” now.`,
    remove: "Remove folder",
    removed: (name: string, count: number) =>
      `The folder “${name}” is gone. ${
        count === 1 ? "What was in it is" : `Its ${count} conversations are`
      } still there.`,
    actionsFor: (name: string) => `Actions for the folder ${name}`,
    count: (count: number) => (count === 1 ? "1 conversation" : `${count} conversations`),
  },
  sidebarWidth: "Width of the sidebar",
  details: (count: number) => (count === 1 ? "1 remark" : `${count} remarks`),
  dropImport: "Drop it to import its conversations",
  copyWhole: "Copy as Markdown",
  copiedWhole: "The whole conversation is in the clipboard.",

  conversationActions: "Actions for this conversation",
  spending: {
    label: (sentence: string) => `Context and cost: ${sentence}`,
    title: "This conversation so far",
    context: "What the model reads at once",
    tokens: (count: string) => `${count} tokens`,
    tokensOf: (count: string, limit: string) => `${count} of ${limit} tokens`,
    about: (count: string) => `about ${count}`,
    short: (count: string) => `${count} tokens`,
    narrow: "Not much room is left. A new chat, or a model that reads more, helps.",
    answers: "Answers",
    read: "Tokens read",
    written: "Tokens written",
    cost: "Cost",
    estimate: "At list prices, all versions counted.",
    free: "Nobody gives a price for these answers.",
    unpriced: (count: number) =>
      count === 1 ? "One answer has no price." : `${count} answers have no price.`,
  },

  emptyTitle: "What is on your mind?",
  emptyText:
    "Ask anything. The answer streams in as it is written, and you can stop it at any time.",
  emptyLocal: (model: string) =>
    `You are talking to ${model}, a very small model that runs on this computer. Nothing you type leaves it. It is quick and it is often wrong: good for trying things out, not for advice.`,
  firstRun: {
    label: "Other models",
    more: "Facts, sums and long texts need a larger model.",
    use: (name: string) => `Use ${name}`,
    runs: (models: number) =>
      models === 0
        ? "runs here"
        : models === 1
          ? "runs here, 1 model"
          : `runs here, ${models} models`,
    chosen: (model: string, name: string) =>
      `${model} of ${name} answers new chats from now on. The settings change that.`,
    keyHere: "key found",
    connect: "Connect a provider",
  },
  suggestionsLabel: "Suggestions",
  suggestions: [
    { title: "Explain something", prompt: "Explain in simple words why the sea has tides." },
    {
      title: "Write something",
      prompt: "Write a short, friendly birthday message for a colleague.",
    },
    { title: "Play with ideas", prompt: "Give me five names for a small sailing boat." },
  ],
  onThisComputer: (model: string) => `${model} · on this computer`,
  withProvider: (model: string, provider: string) => `${model} · ${provider}`,

  waiting: "Waiting for the first word…",
  stopping: "Stopping…",
  thinking: "Thinking",
  thoughts: "Thoughts",
  thoughtFor: (ms: number) => `Thought for ${duration(ms)}`,
  retrying: (attempt: number, delayMs: number, why: string) =>
    `${why} Trying again in ${duration(delayMs)} (attempt ${attempt}).`,
  tryingAgain: (attempt: number, why: string) => `${why} Trying again (attempt ${attempt})…`,

  stopped: "Stopped",
  interrupted: "Interrupted",
  emptyReply: (reason: EndReason | null) =>
    reason === null ? "Stopped before the first word." : EMPTY[reason],
  finish: {
    length: "Cut off at the length limit",
    content_filter: "Cut off by the provider's content filter",
    tool_calls: "Ended with a tool call",
    other: "Ended early",
    waiting: "Waits for your decision",
    budget: "Stopped at the budget",
    steps: "Stopped at the limit of steps",
  } satisfies Partial<Record<EndReason, string>>,
  speed: (tokensPerSecond: number) =>
    `${tokensPerSecond < 10 ? decimal(tokensPerSecond) : Math.round(tokensPerSecond)} tokens/s`,
  duration,
  tokens: (count: number, estimated: boolean) =>
    `${estimated ? "about " : ""}${count} ${count === 1 ? "token" : "tokens"}`,

  said: {
    answering: "Answering.",
    finished: "The answer is complete.",
    stopping: "Stopping.",
    stopped: "Stopped.",
    failed: (message: string) => `Error: ${message}`,
  },

  reconnecting: "The connection to Tidewire was lost. Reconnecting…",
  lost: "Tidewire does not answer. Is it still running? This page goes on trying.",
  shared: "You are watching an answer that was shared with this window.",
  sharedGone: "This answer is not shared with this window, or it is no longer kept.",
  ownChat: "Start a chat of your own",

  error: (message: string) => `Error: ${message}`,
  otherModel: "Choose another model",
  askLocal: "Ask the model on this computer",
  askInNewChat: "Ask it in a new chat",
  retryIn: (ms: number) =>
    `The provider asks to wait ${duration(ms)}. Sooner, it may refuse again.`,
  retryNow: "The wait is over: try again now.",
  /** What to do; the sentence above says what happened. */
  hints: {
    API_KEY_ERROR: "Set another key, or choose another model.",
    PERMISSION_DENIED: "Choose another model, or set another key.",
    INSUFFICIENT_QUOTA: "Add credit there, or choose another model.",
    RATE_LIMIT: "Wait a little, or choose another model.",
    OVERLOADED: "It usually passes in a minute.",
    NETWORK_ERROR: "Check the connection to the internet or to the model's server.",
    TIMEOUT: "The settings say how long an answer may take.",
    STREAM_TIMEOUT: "The settings say how long a model may be silent.",
    STREAM_INTERRUPTED: "What has arrived is kept.",
    STREAM_INCOMPLETE: "The end may be missing.",
    SERVER_ERROR: "Try again.",
    CONTEXT_LENGTH: "Ask in a new chat, or a model that reads more.",
    MODEL_NOT_FOUND: "Choose another model, or check the provider's address.",
    CONTENT_FILTER: "Ask in other words, or ask another model.",
    SESSION_BUSY: "Wait until the answer is complete, or stop it.",
    LIMIT: "Stop another answer first.",
    LOCAL_MODEL_MISSING: "It is fetched once, and answers without a network from then on.",
    LOCAL_MODEL_CRASHED: "It starts again by itself.",
    HOST_LOST: "Your message is kept. Try again when the connection is back.",
    ABORTED: "Start it again, then try again.",
    VALIDATION: "Your message is kept. Change it and try again.",
  } satisfies Partial<Record<ErrorCode, string>>,
  /** Why something is tried again by itself. */
  retryReasons: {
    RATE_LIMIT: "Too many requests for the moment.",
    OVERLOADED: "The provider is busy.",
    NETWORK_ERROR: "No connection could be made.",
    SERVER_ERROR: "The provider had a problem of its own.",
  } satisfies Partial<Record<ErrorCode, string>>,
} as const;

const some = (amount: number, noun: string) => `${count(amount)} ${noun}${amount === 1 ? "" : "s"}`;

function duration(ms: number): string {
  if (ms < 1_000) return `${decimal(Math.max(ms, 100) / 1_000)} s`;
  if (ms < 10_000) return `${decimal(ms / 1_000, true)} s`;
  if (ms < MINUTE_MS) return `${Math.round(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
