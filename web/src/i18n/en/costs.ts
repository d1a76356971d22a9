/** English texts for efforts and costs. */
import type { BudgetScope, BudgetUnit, Effort, UsageGroup } from "../../bridge/contract";
import { amountsIn } from "../amounts";

const { dollars } = amountsIn("en");

export const costsInEnglish = {
  effort: "Effort",
  effortHint: "How much the model thinks before it answers.",
  efforts: {
    off: "Off",
    low: "Low",
    medium: "Medium",
    high: "High",
    max: "Maximum",
  } satisfies Record<Effort, string>,
  effortIs: (effort: string) => `Effort: ${effort}`,
  effortOnce: "For the next answer only",
  effortOfChat: "As in this chat",
  modelsOwn: "Model default",
  effortOwn: "Up to the model",

  chatOptions: "Options of this chat",
  instructionsHint: "The model gets these before the conversation.",
  asInSettings: (value: string) => `As in settings: ${value}`,
  budgetHint: "The most that this chat may spend. Leave empty to use the budget in settings.",
  toDefaults: "Use the defaults",
  keepForFolder: (folder: string) => `Use for new chats in “${folder}”`,
  keptForFolder: (folder: string) => `New chats in “${folder}” begin with these options.`,
  budget: "Budget",
  inDollars: (name: string) => `${name} (US dollars)`,
  inTokens: (name: string) => `${name} (tokens)`,
  scopes: {
    answer: "Each answer",
    conversation: "Each conversation",
    day: "Each day",
    month: "Each month",
  } satisfies Record<BudgetScope, string>,
  scopeHints: {
    answer: "Includes all steps and tools.",
    conversation: "A chat can have a budget of its own.",
    day: "For all conversations together, including their titles.",
    month: "For all conversations together, including their titles.",
  } satisfies Record<BudgetScope, string>,
  budgets: "Budgets",
  budgetsText:
    "Before each model call, the most that it may cost is reserved. An answer that would exceed a budget stops and asks you. Prices are list prices.",
  usage: "Usage",
  usageText: "Everything that answers, titles, and summaries used on this computer.",
  noUsage: "Nothing has been counted yet.",
  by: "By",
  groups: {
    day: "Day",
    model: "Model",
    conversation: "Conversation",
  } satisfies Record<UsageGroup, string>,
  calls: "Calls",
  input: "Input tokens",
  output: "Output tokens",
  cost: "Cost",
  unpriced: (tokens: string) => `${tokens} tokens without a known price`,
  noTitle: "Other chats",
  chart: (first: string, last: string, most: string) =>
    `Cost for each day from ${first} to ${last}, at most ${most}`,
  saveCsv: "Export as CSV",
  spent: (amount: string) => `${amount} spent`,

  inputTokens: (tokens: string) => `${tokens} tokens to read`,
  about: (tokens: string) => `About ${tokens}`,
  priceBefore: (input: string, most: string) => `${input} to read, at most ${most} with the answer`,
  leftOut: (messages: number) =>
    messages === 1
      ? "The oldest message won't fit and will be left out"
      : `The ${messages} oldest messages won't fit and will be left out`,

  soFar: {
    nearlyFull:
      "The context window is almost full. Summarize earlier messages, or choose a model with a larger one.",
    answers: "Answers",
    read: "Input tokens",
    written: "Output tokens",
    cost: "Cost",
    estimate: "At list prices, counting every version.",
    free: "No prices are known for these answers.",
    unpriced: (count: number) =>
      count === 1 ? "1 answer has no known price." : `${count} answers have no known price.`,
  },
  summary: {
    title: "Earlier messages are summarized",
    undone: "All messages are sent",
    label: "Summary",
    sendAll: "Send everything",
    use: "Send the summary",
    messages: (messages: number) => (messages === 1 ? "1 message" : `${messages} messages`),
    tokens: (tokens: string) => `${tokens} tokens`,
    edited: "edited",
    ask: "Summarize earlier messages",
    explain: "The model is then sent a summary instead. Your messages stay, and you can undo it.",
    begin: "Summarize",
    offer: "Summarize…",
    noPrice: "price unknown",
    atMost: (cost: string) => `at most ${cost}`,
    running: (part: string) => `Summarizing earlier messages (${part})…`,
    stop: "Stop summarizing",
    offered: (cost: string | null) =>
      cost === null
        ? "This chat almost fills the model's context window."
        : `This chat almost fills the model's context window. A summary costs at most ${cost}.`,
    stopped: "The summary was stopped. Nothing has changed.",
    failed: (why: string) => `No summary was written: ${why}`,
  },
  priceInWords: (input: number, output: number, date: string | null) =>
    input === 0 && output === 0
      ? "free"
      : `$${dollars(input)} input, $${dollars(output)} output per million tokens${date === null ? "" : ` (${date})`}`,
  step: (step: string, most: string) => `Step ${step} of ${most}`,
  spentOf: {
    usd: (spent, limit) => `${spent} of ${limit}`,
    tokens: (spent, limit) => `${spent} of ${limit} tokens`,
  } satisfies Record<BudgetUnit, (spent: string, limit: string) => string>,
  reached: "Budget reached",
  reachedBy: {
    answer: "The budget of this answer is used up.",
    conversation: "The budget of this conversation is used up.",
    day: "Today's budget is used up.",
    month: "This month's budget is used up.",
  } satisfies Record<BudgetScope, string>,
  priceUnknown: "The price of this model isn't known. Choose how many tokens it may take.",
  needed: {
    usd: (needed) => `The next step may cost ${needed} or more.`,
    tokens: (needed) => `The next step may take ${needed} tokens or more.`,
  } satisfies Record<BudgetUnit, (needed: string) => string>,
  more: { usd: "US dollars", tokens: "Tokens" } satisfies Record<BudgetUnit, string>,
  continueWith: {
    usd: (more) => `Continue with ${more} more`,
    tokens: (more) => `Continue with ${more} more tokens`,
  } satisfies Record<BudgetUnit, (more: string) => string>,
} as const;
