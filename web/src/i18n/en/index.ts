/** All English texts of the page, which define the type of every other language's texts. */
import type { EndReason, ErrorCode } from "../../bridge/contract";
import { amountsIn } from "../amounts";
import { hostInEnglish } from "../hostMessages";
import { attachmentsInEnglish } from "./attachments";
import { mcpInEnglish } from "./mcp";
import { toolsInEnglish } from "./tools";

const MINUTE_MS = 60_000;
const { count, decimal, dollars, size } = amountsIn("en");

const EMPTY: Readonly<Record<EndReason, string>> = {
  stop: "The model returned an empty answer.",
  length: "The answer hit its length limit before any text arrived.",
  content_filter: "The provider's content filter blocked the answer.",
  tool_calls: "The model called a tool but wrote no text.",
  other: "The answer ended before any text arrived.",
  waiting: "The answer is waiting for your decision.",
  budget: "The answer reached its budget before any text arrived.",
  steps: "The answer reached its step limit before any text arrived.",
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
  refusedPage: "Tidewire didn't accept this page. Reload it or open a new link.",
  partFailed: {
    page: "Part of this page crashed. Your conversations are safe.",
    overlay: "Couldn't load this. Check that Tidewire is running.",
    message: "This message can't be displayed.",
  },
  jumpToEnd: "Jump to end",
  keys: "Enter to send, Shift+Enter for a new line",
  keysBusy: "Enter to queue, Esc to stop",
  queued: (text: string) => `Queued: ${text}`,

  answerActions: "Answer actions",
  questionActions: "Question actions",
  moreActions: "More actions",
  moreAboutAnswer: "More about this answer",
  edit: "Edit",
  editForm: "Edit form",
  editQuestion: "Edit your question",
  editKeeps: "The original question and its answer are kept as another version.",
  editWaits: "You can ask this when the answer is complete.",
  askAgain: "Ask",
  cancel: "Cancel",
  copy: "Copy",
  copied: "Copied",
  markdown: {
    copy: "Copy",
    copied: "Copied",
    copyCode: "Copy code",
    selected: (keys: string) => `Selected: press ${keys}`,
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
  codeActions: "Code actions",
  notCopied: "Couldn't copy",
  regenerate: "Regenerate",
  continueAnswer: "Continue",
  previousVersion: "Previous version",
  nextVersion: "Next version",
  version: (place: number, count: number) => `Version ${place} of ${count}`,
  attachments: attachmentsInEnglish,
  tools: toolsInEnglish,
  mcp: mcpInEnglish,
  loadingEarlier: "Loading earlier messages…",
  gone: "This conversation no longer exists.",
  temporary: "Temporary chat",
  temporaryText: "Temporary chat: nothing is saved on this computer.",

  chooseModel: (label: string) => `${label}: choose another model`,
  localModel: "Local model",
  findModel: "Search models",
  local: "on this computer",
  context: (tokens: number) =>
    tokens >= 1_000_000
      ? `${decimal(tokens / 1_000_000, true)}M context`
      : `${Math.round(tokens / 1_000)}k context`,
  price: (input: number, output: number) =>
    input === 0 && output === 0 ? "free" : `$${dollars(input)} / $${dollars(output)}`,
  abilities: {
    images: "sees images",
    files: "reads files",
    tools: "uses tools",
    reasoning: "reasons first",
  },
  favourites: "Favorites",
  recentModels: "Recently used",
  addFavourite: (model: string) => `Add ${model} to favorites`,
  dropFavourite: (model: string) => `Remove ${model} from favorites`,
  askProviders: "Refresh models",
  noModelFound: (query: string) => `No models match “${query}”.`,
  notReady: "Needs setup",
  setKey: "Set API key",

  sections: {
    providers: "Providers",
    models: "Models",
    answers: "Limits",
    tools: "Tools",
    servers: "Servers",
    templates: "Templates",
    costs: "Costs",
    appearance: "Appearance",
    shortcuts: "Shortcuts",
    data: "Data",
    about: "About",
  },
  actions: {
    newChat: "New chat",
    newWindow: "New window",
    search: "Search conversations",
    sidebar: "Show or hide sidebar",
    models: "Choose a model",
    settings: "Settings",
    shortcuts: "Keyboard shortcuts",
    undo: "Undo last deletion",
    decision: "Go to the call that waits for you",
    request: "Show request",
    find: "Find in this conversation",
    closeWindow: "Close the window",
    fullScreen: "Full screen",
    quit: "Quit Tidewire",
  },
  openRecording: "Open recording…",
  keyNames: {
    ctrl: "Ctrl",
    shift: "Shift",
    alt: "Alt",
    others: { Space: "Space", Delete: "Delete" } as Readonly<Record<string, string>>,
  },
  settings: "Settings",
  openSettings: "Open settings",
  fetchModel: "Download model (93 MB)",
  fetchingModel: (done: number, total: number) =>
    total > 0
      ? `Downloading the model: ${Math.floor((100 * done) / total)}%`
      : "Looking for the model…",
  fetchFailed: "Couldn't download the model.",
  close: "Close",
  theme: "Appearance",
  language: "Language",
  systemLanguage: "System default",
  themes: { system: "System default", light: "Light", dark: "Dark" },
  withModel: "Model",
  reset: "Reset",
  test: "Test",
  testing: "Testing…",
  remove: "Remove",
  keyFor: (name: string) => `Key for ${name}`,
  keyMissing: "Paste an API key",
  keyThere: (hint: string | null, source: string) =>
    `${hint === null ? "Key saved" : `Key ending in ${hint}`}${source}`,
  keySources: {
    keychain: ", in the system keychain",
    session: ", until you quit Tidewire",
    environment: ", from the environment",
  },
  save: "Save",
  removeKey: "Remove key",
  removeKeyReally: "Yes, remove it",
  name: "Name",
  address: "Address (base URL)",
  keyIfAny: "API key (optional)",
  add: "Add",
  backupText: "Conversations, settings, and providers without keys, in one file in the data folder",
  backupNow: "Back up now",
  backupMade: (name: string) => `Backup saved as ${name}.`,
  restore: "Restore",
  restoreReally: "Replace everything with this backup",
  restored: "Backup restored. Your previous data was backed up first.",
  consent: {
    legend: "Left out unless you select it. Select only what you recognize.",
    provider: (name: string) => `Provider ${name}`,
    defaultProvider: (providerName: string) => `New chats use ${providerName}`,
    titleProvider: (providerName: string) => `Titles by ${providerName}`,
    keyEnv: (name: string) => `key from variable ${name}`,
    headers: (names: string) => `headers ${names}`,
    missingHeaders: (names: string) => `without headers ${names}, which no backup contains`,
    replaces: "replaces yours",
  },
  size,
  about: (version: string) => `Tidewire ${version}`,

  openSidebar: "Show sidebar",
  closeSidebar: "Hide sidebar",
  conversations: "Conversations",
  untitled: "Untitled",
  noConversations: "Your conversations will appear here.",
  groups: {
    pinned: "Pinned",
    today: "Today",
    yesterday: "Yesterday",
    week: "Last 7 days",
    month: "Last 30 days",
  },
  answeringNow: "answering",
  search: "Search",
  searchHint: "Search conversations",
  searching: "Searching…",
  nothingFound: (query: string) => `No results for “${query}”.`,
  found: (count: number) => (count === 1 ? "1 result" : `${count} results`),
  clearSearch: "Clear search",
  showMore: "Show more",
  menu: "Menu",
  actionsFor: (title: string) => `Actions for ${title}`,
  rename: "Rename",
  renameLabel: "New name",
  pin: "Pin",
  unpin: "Unpin",
  delete: "Delete",
  exportAs: { md: "Export as Markdown", html: "Export as web page", json: "Export as JSON" },
  exported: (path: string) => `Saved to ${path}`,
  deleted: (title: string) => `“${title}” was deleted.`,
  undo: "Undo",
  notices: "Notifications",
  import: "Import",
  importing: (name: string, percent: number) => `Importing ${name}: ${percent}%`,
  imported: (conversations: number, messages: number, skipped: number) =>
    `Import complete: ${conversations > 0 ? `${some(conversations, "conversation")} with ` : ""}${some(
      messages,
      "message",
    )}${skipped > 0 ? `, ${count(skipped)} skipped` : ""}.`,
  allHere: (skipped: number) =>
    skipped === 1
      ? "Nothing new: this conversation is already here."
      : `Nothing new: all ${count(skipped)} are already here.`,
  notAnExport: "This isn't an export from Tidewire or ChatGPT.",
  importCancelled: "Import canceled. What was imported so far is kept.",
  refusedAction: (message: string) => `Couldn't do that. ${message}`,
  notSaved: (problem: string) => `Changes can't be saved right now. ${problem}`,

  foundFirst: (count: number) =>
    `Showing the first ${count} results. Add words to narrow the search.`,
  foundSoFar: (count: number) =>
    `${count === 0 ? "No results" : count === 1 ? "1 result" : `${count} results`} so far. Some conversations haven't been searched yet.`,
  searchMore: "Keep searching",
  searchAdvice:
    "All words must be in one message or title. Try fewer words or the start of a word. Use quotation marks for an exact phrase.",
  inTitle: "Title",
  folders: {
    move: "Move to folder…",
    title: (title: string) => `Move “${title}” to a folder`,
    find: "Find or create a folder",
    create: (name: string) => `Create folder “${name}”`,
    out: "Move out of folder",
    isHere: "current folder",
    none: "No folders yet. Type a name to create one.",
    moved: (title: string, folder: string | null) =>
      folder === null
        ? `“${title}” was moved out of its folder.`
        : `“${title}” was moved to “${folder}”.`,
    rename: "Rename folder",
    renameLabel: "New folder name",
    merged: (name: string, other: string) => `“${name}” was merged into “${other}”.`,
    remove: "Remove folder",
    removed: (name: string, count: number) =>
      `The folder “${name}” was removed. ${
        count === 1 ? "Its conversation was" : `Its ${count} conversations were`
      } kept.`,
    actionsFor: (name: string) => `Actions for the folder ${name}`,
    count: (count: number) => (count === 1 ? "1 conversation" : `${count} conversations`),
  },
  sidebarWidth: "Sidebar width",
  details: (count: number) => (count === 1 ? "1 detail" : `${count} details`),
  dropImport: "Drop to import conversations",
  copyWhole: "Copy as Markdown",
  compact: "Summarize earlier messages…",
  copiedWhole: "Conversation copied.",

  conversationActions: "Conversation actions",
  spending: {
    label: (sentence: string) => `Context and cost: ${sentence}`,
    title: "This conversation",
    context: "Context window",
    tokens: (count: string) => `${count} tokens`,
    tokensOf: (count: string, limit: string) => `${count} of ${limit} tokens`,
    about: (count: string) => `about ${count}`,
    short: (count: string) => `${count} tokens`,
  },

  emptyTitle: "What's on your mind?",
  emptyLocal: (model: string) =>
    `You're talking to ${model}, a very small model that runs on this computer. Nothing you type leaves it. It's fast but often wrong: good for trying things out, not for advice.`,
  firstRun: {
    label: "Other models",
    more: "For facts, math, and long texts, use a larger model.",
    use: (name: string) => `Use ${name}`,
    runs: (models: number) =>
      models === 0
        ? "running here"
        : models === 1
          ? "running here, 1 model"
          : `running here, ${models} models`,
    chosen: (model: string, name: string) =>
      `New chats now use ${model} from ${name}. You can change this in settings.`,
    keyHere: "key found",
    connect: "Connect a provider",
  },
  suggestionsLabel: "Suggestions",
  suggestions: [
    { title: "Explain something", prompt: "Explain in simple terms why the sea has tides." },
    {
      title: "Write something",
      prompt: "Write a short, friendly birthday message for a coworker.",
    },
    { title: "Brainstorm ideas", prompt: "Give me five names for a small sailboat." },
  ],
  onThisComputer: (model: string) => `${model} · on this computer`,
  withProvider: (model: string, provider: string) => `${model} · ${provider}`,

  waiting: "Waiting for the answer…",
  stopping: "Stopping…",
  thinking: "Thinking",
  thoughts: "Thoughts",
  thoughtFor: (ms: number) => `Thought for ${duration(ms)}`,
  retrying: (attempt: number, delayMs: number, why: string) =>
    `${why} Retrying in ${duration(delayMs)} (attempt ${attempt}).`,
  tryingAgain: (attempt: number, why: string) => `${why} Retrying (attempt ${attempt})…`,

  stopped: "Stopped",
  interrupted: "Interrupted",
  emptyReply: (reason: EndReason | null) =>
    reason === null ? "Stopped before any text arrived." : EMPTY[reason],
  finish: {
    length: "Cut off at the length limit",
    content_filter: "Stopped by the provider's content filter",
    tool_calls: "Ended with a tool call",
    other: "Ended early",
    waiting: "Paused until you decide",
    budget: "Stopped: budget reached",
    steps: "Stopped: step limit reached",
  } satisfies Partial<Record<EndReason, string>>,
  speed: (tokensPerSecond: number) =>
    `${tokensPerSecond < 10 ? decimal(tokensPerSecond) : Math.round(tokensPerSecond)} tokens/s`,
  duration,
  tokens: (count: number, estimated: boolean) =>
    `${estimated ? "about " : ""}${count} ${count === 1 ? "token" : "tokens"}`,

  runStatus: {
    answering: "Answering.",
    finished: "The answer is complete.",
    stopping: "Stopping.",
    stopped: "Stopped.",
    failed: (message: string) => `Error: ${message}`,
  },

  reconnecting: "Lost the connection to Tidewire. Reconnecting…",
  lost: "Tidewire isn't responding. Check that it's running. This page keeps trying.",
  shared: "You're watching an answer shared with this window.",
  sharedGone: "This answer isn't shared with this window or is no longer available.",
  ownChat: "Start your own chat",

  error: (message: string) => `Error: ${message}`,
  otherModel: "Choose another model",
  askLocal: "Ask the local model",
  askInNewChat: "Ask in a new chat",
  retryIn: (ms: number) =>
    `Wait ${duration(ms)} before trying again. The provider may refuse earlier attempts.`,
  retryNow: "The wait is over. Try again.",
  /** The remedy for an error; the sentence above it says what happened. */
  hints: {
    API_KEY_ERROR: "Set another API key or choose another model.",
    PERMISSION_DENIED: "Choose another model or set another API key.",
    INSUFFICIENT_QUOTA: "Add credit to the account or choose another model.",
    RATE_LIMIT: "Wait a moment or choose another model.",
    OVERLOADED: "This usually passes within a minute.",
    NETWORK_ERROR: "Check your internet connection or the model's server.",
    TIMEOUT: "You can change the time limit in settings.",
    STREAM_TIMEOUT: "You can change how long to wait in settings.",
    STREAM_INTERRUPTED: "The text received so far is kept.",
    STREAM_INCOMPLETE: "The end may be missing.",
    SERVER_ERROR: "Try again.",
    CONTEXT_LENGTH: "Ask in a new chat or choose a model with a larger context window.",
    MODEL_NOT_FOUND: "Choose another model or check the provider's address.",
    CONTENT_FILTER: "Rephrase your message or choose another model.",
    SESSION_BUSY: "Wait for the answer to finish, or stop it.",
    LIMIT: "Stop another answer first.",
    LOCAL_MODEL_MISSING: "Download it once, then use it offline.",
    LOCAL_MODEL_CRASHED: "It restarts automatically.",
    HOST_LOST: "Your message is kept. Try again when the connection is back.",
    ABORTED: "Restart Tidewire, then try again.",
    VALIDATION: "Your message is kept. Edit it and try again.",
  } satisfies Partial<Record<ErrorCode, string>>,
  /** Why the host retries by itself. */
  retryReasons: {
    RATE_LIMIT: "Too many requests.",
    OVERLOADED: "The provider is busy.",
    NETWORK_ERROR: "Couldn't connect.",
    SERVER_ERROR: "The provider had an internal error.",
  } satisfies Partial<Record<ErrorCode, string>>,

  localSuggestions: [
    { title: "A poem", prompt: "Write a short poem about the sea." },
    { title: "A story", prompt: "Tell a very short story about a fox and the moon." },
    { title: "Names", prompt: "Give me five names for a small sailing boat." },
  ],
  panelWidth: "Width of the side panel",

  find: {
    actions: "Matches",
    count: (place: number, all: number, hasMore: boolean) =>
      `${count(place)} of ${count(all)}${hasMore ? "+" : ""}`,
    none: "Not found",
    previous: "Previous match",
    next: "Next match",
  },

  again: {
    label: "Other ways to answer",
    by: (model: string) => `Regenerate with ${model}`,
    shorter: "Ask for a shorter answer",
    longer: "Ask for a longer answer",
    shorterPrompt: "Please answer again, shorter.",
    longerPrompt: "Please answer again, in more detail.",
  },
} as const;

const some = (amount: number, noun: string) => `${count(amount)} ${noun}${amount === 1 ? "" : "s"}`;

function duration(ms: number): string {
  if (ms < 1_000) return `${decimal(Math.max(ms, 100) / 1_000)} s`;
  if (ms < 10_000) return `${decimal(ms / 1_000, true)} s`;
  if (ms < MINUTE_MS) return `${Math.round(ms / 1_000)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
