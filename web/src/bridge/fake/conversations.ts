/** Conversations of the fake host: one message tree each, for the lifetime of the page. */
import type {
  AnyEvent,
  AnyTopic,
  ConversationSummary,
  ConversationView,
  Handlers,
  Message,
  SearchHit,
  SendReply,
  SendRequest,
  StoredMessage,
  ToolCall,
  Usage,
} from "../contract";
import { answerParts, change as changeCall } from "./answerParts";
import { echoPrompt, FakeBlobs } from "./blobs";
import { refusal } from "./refusal";
import type { FakeDecision, FakeRun } from "./run";

const TITLE_CHARACTERS = 60;
const SNIPPET_CHARACTERS = 40;
const PROMPTS = 100;

/** Methods that need files, a damaged store or a long conversation; only the real host has them. */
type Missing =
  | "export"
  | "exportFile"
  | "importBegin"
  | "importWrite"
  | "importCancel"
  | "backup"
  | "backupContents"
  | "restore"
  | "compactionEstimate"
  | "compact"
  | "stopCompaction"
  | "editSummary"
  | "useSummary"
  | "saveAttachment"
  | "saveText";

export type FakeConversations = Omit<Handlers["conversations"], Missing>;

/** The parts of the host that conversations need. */
export interface FakeAnswers {
  /** Starts a run under the requested id; `end` is called with its last event. */
  start(
    requestedId: string | null | undefined,
    messages: readonly Message[],
    end: (run: FakeRun, last: AnyEvent) => void,
  ): string;
  cancel(inferenceId: string): void;
  /** Passes a decision to a live run; false if the call does not wait. */
  decide(inferenceId: string, decision: FakeDecision): boolean;
  publish(topic: AnyTopic): void;
  readonly providerId: string;
  readonly modelId: string;
}

/** The requested model and run id; part of every request for an answer. */
type AnswerRequest = Pick<SendRequest, "providerId" | "modelId" | "inferenceId">;

interface FakeMessage extends Omit<StoredMessage, "siblings"> {
  /** The child on the chosen path. */
  chosen: string | null;
}

interface Tree {
  head: Omit<ConversationSummary, "messageCount" | "inferenceId">;
  readonly messages: Map<string, FakeMessage>;
  chosen: string | null;
  systemPrompt: string | null;
  deleted: boolean;
}

export function createFakeConversations(host: FakeAnswers): FakeConversations {
  const trees = new Map<string, Tree>();
  const notes = new Map<string, string>();
  const blobs = new FakeBlobs();
  let version = 0;
  let count = 0;

  function publish(): void {
    const value = { version, summaries: 0, problem: null, remarks: [] };
    host.publish({ channel: "topic", name: "store", key: "", value });
  }

  function publishChange(): void {
    version += 1;
    publish();
  }

  /** Ids sort by creation time, as the real host's do. */
  function newId(temporary: boolean): string {
    count += 1;
    const number = String(count).padStart(6, "0");
    return `${temporary ? "tmp-" : ""}kept-${number}-${crypto.randomUUID().slice(0, 8)}`;
  }

  function treeOf(id: string, isDeleted = false): Tree {
    const tree = trees.get(id);
    if (tree?.deleted !== isDeleted) {
      throw refusal("NOT_FOUND", `Conversation ${id} not found`);
    }
    return tree;
  }

  function find(messageId: string): [Tree, FakeMessage] {
    for (const tree of trees.values()) {
      const message = tree.messages.get(messageId);
      if (message !== undefined && !tree.deleted) return [tree, message];
    }
    throw refusal("NOT_FOUND", `Message ${messageId} not found`);
  }

  /** The tree of this message; refused while an answer is being written in it. */
  function findIdle(messageId: string): [Tree, FakeMessage] {
    const found = find(messageId);
    refuseBusy(found[0]);
    return found;
  }

  function refuseBusy(tree: Tree): void {
    if (summaryOf(tree).inferenceId === null) return;
    throw refusal("SESSION_BUSY", "An answer is already running in this conversation");
  }

  function view(tree: Tree, limit = 200, before?: string | null): ConversationView {
    let path = pathOf(tree);
    if (before != null) {
      const place = path.findIndex(({ id }) => id === before);
      if (place === -1) throw refusal("NOT_FOUND", `Message ${before} not found on this path`);
      path = path.slice(0, place);
    }
    const messages = path.slice(-limit).map(({ chosen, ...message }) => ({
      ...message,
      siblings: [...tree.messages.values()]
        .filter(({ parentId }) => parentId === message.parentId)
        .map(({ id }) => id),
    }));
    const earlier = path.length - messages.length;
    const { systemPrompt } = tree;
    return { conversation: summaryOf(tree), systemPrompt, messages, earlier };
  }

  function choose(messageId: string): Tree {
    const [tree, message] = find(messageId);
    let place: FakeMessage | undefined = message;
    while (place !== undefined) {
      point(tree, place.parentId, place.id);
      place = tree.messages.get(place.parentId ?? "");
    }
    return tree;
  }

  function add(
    tree: Tree,
    parentId: string | null,
    content: StoredMessage["content"],
    by: AnswerRequest | null,
  ): FakeMessage {
    const message: FakeMessage = {
      id: newId(tree.head.temporary),
      parentId,
      role: by === null ? "user" : "assistant",
      content,
      reasoning: "",
      status: "complete",
      providerId: by && (by.providerId ?? host.providerId),
      modelId: by && (by.modelId ?? host.modelId),
      inferenceId: null,
      createdAt: Date.now(),
      detail: null,
      parts: [],
      chosen: null,
    };
    tree.messages.set(message.id, message);
    point(tree, parentId, message.id);
    return message;
  }

  /** Adds a question and its answer; if refused, adds neither. */
  function ask(
    tree: Tree,
    parentId: string | null,
    content: SendRequest["content"],
    by: AnswerRequest & Pick<SendRequest, "template">,
  ): SendReply {
    const question = add(tree, parentId, blobs.store(content), null);
    if (by.template) question.template = by.template;
    const answer = add(tree, question.id, "", by);
    if (tree.head.title === "") tree.head.title = firstWords(textOf(content));
    try {
      return reply(tree, question.id, answer, by.inferenceId);
    } catch (error) {
      tree.messages.delete(answer.id);
      tree.messages.delete(question.id);
      point(tree, parentId, null);
      throw error;
    }
  }

  /** Starts an answer in this message; if refused, the message is unchanged. */
  function reply(
    tree: Tree,
    questionId: string,
    answer: FakeMessage,
    requestedId: string | null | undefined,
  ): SendReply {
    const path = pathOf(tree).filter(
      ({ role, content }) => role === "user" || textOf(content) !== "",
    );
    const messages = path.map(({ role, content }) => ({ role, content: echoPrompt(content) }));
    const question = messages.findLast(({ role }) => role === "user");
    const earlier = usagesOf(answer);
    const { detail, inferenceId: latest } = answer;
    const before = [...(detail?.runs ?? []), ...(latest === null ? [] : [latest])];
    const all = question ? [...messages, question] : messages;
    const inferenceId = host.start(requestedId, all, (run, last) => {
      Object.assign(answer, outcomeOf(answer, run.events, last, earlier));
      Object.assign(answer.detail ?? {}, { runs: before });
      publishChange();
    });
    Object.assign(answer, { status: "streaming", inferenceId, detail: null });
    tree.head.updatedAt = Date.now();
    publishChange();
    const conversationId = tree.head.id;
    return { conversationId, messageId: questionId, answerId: answer.id, inferenceId };
  }

  function change(id: string, part: Partial<Tree["head"]>): ConversationSummary {
    const tree = treeOf(id);
    tree.head = { ...tree.head, ...part };
    publishChange();
    return summaryOf(tree);
  }

  publish();
  return {
    create({ title, folder, systemPrompt = null, temporary = false }) {
      const id = newId(temporary);
      const now = Date.now();
      const times = { createdAt: now, updatedAt: now };
      const names = { id, title: title ?? "", folder: folder ?? null };
      const head = { ...names, ...times, pinned: false, temporary };
      const tree = { head, messages: new Map(), chosen: null, systemPrompt, deleted: false };
      trees.set(id, tree);
      publishChange();
      return summaryOf(tree);
    },
    list: () =>
      [...trees.values()]
        .filter((tree) => !tree.deleted)
        .map(summaryOf)
        .sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.updatedAt - a.updatedAt),
    get: ({ conversationId, limit, before }) => view(treeOf(conversationId), limit, before),
    send({ conversationId, content, after, ...by }) {
      const tree = treeOf(conversationId);
      refuseBusy(tree);
      if (after != null) choose(after);
      return ask(tree, after ?? pathOf(tree).at(-1)?.id ?? null, content, by);
    },
    edit({ messageId, content, ...by }) {
      const [tree, { parentId }] = findIdle(messageId);
      if (parentId !== null) choose(parentId);
      return ask(tree, parentId, content, by);
    },
    regenerate({ messageId, ...by }) {
      const [tree, message] = findIdle(messageId);
      const question = message.role === "user" ? message.id : message.parentId;
      if (question === null) throw refusal("VALIDATION", "There is no question to answer here");
      choose(question);
      return reply(tree, question, add(tree, question, "", by), by.inferenceId);
    },
    continueAnswer({ messageId, inferenceId }) {
      const [tree, message] = findIdle(messageId);
      choose(messageId);
      return reply(tree, message.parentId ?? "", message, inferenceId);
    },
    decide({ messageId, ...decision }) {
      const [, message] = find(messageId);
      if (host.decide(message.inferenceId ?? "", decision)) return { taken: true, answer: null };
      const call = message.parts.find(
        (part) => part.type === "call" && part.callId === decision.callId,
      );
      if (call?.type !== "call" || call.state !== "waiting") return { taken: false, answer: null };
      // The run has ended: the fake host records the verdict and does not continue the answer.
      const { callId, verdict } = decision;
      const state = verdict === "deny" ? "denied" : "approved";
      message.parts = [...message.parts];
      changeCall(message.parts, { callId, verdict, state, nonce: undefined });
      publishChange();
      return { taken: true, answer: null };
    },
    earlierCalls: ({ pattern }) => ({
      calls: 6,
      matching: Object.values(pattern).some(({ match }) => match !== "any") ? 4 : 6,
    }),
    choose: (messageId) => view(choose(messageId)),
    rename: ({ conversationId, title }) => change(conversationId, { title }),
    pin: ({ conversationId, pinned }) => change(conversationId, { pinned }),
    move: ({ conversationId, folder }) => change(conversationId, { folder }),
    delete(id) {
      const tree = treeOf(id);
      const { inferenceId } = summaryOf(tree);
      if (inferenceId !== null) host.cancel(inferenceId);
      tree.deleted = true;
      publishChange();
      return true;
    },
    undelete(id) {
      treeOf(id, true).deleted = false;
      return change(id, {});
    },
    search({ query, limit = 50 }) {
      const words = query.toLowerCase();
      const hits: SearchHit[] = [];
      for (const { head, messages, deleted } of trees.values()) {
        if (deleted) continue;
        const titled = { conversationId: head.id, title: head.title, createdAt: head.createdAt };
        const inTitle = hitIn(head.title, words);
        if (inTitle !== null) hits.push({ ...titled, messageId: null, role: null, ...inTitle });
        for (const { id, role, content, createdAt } of messages.values()) {
          const found = hitIn(textOf(content), words);
          if (found !== null) hits.push({ ...titled, messageId: id, role, createdAt, ...found });
        }
      }
      return { hits: hits.slice(0, limit), more: null };
    },
    spent(id) {
      const answers = [...treeOf(id).messages.values()]
        .map(usagesOf)
        .filter(({ length }) => length);
      const sum = (pick: (usage: Usage) => number) =>
        answers.flat().reduce((total, usage) => total + pick(usage), 0);
      return {
        answers: answers.length,
        inputTokens: sum((usage) => usage.inputTokens),
        outputTokens: sum((usage) => usage.outputTokens),
        cost: sum((usage) => usage.cost ?? 0),
        unpriced: answers.filter((usages) => usages.some(({ cost }) => cost === null)).length,
      };
    },
    prompts() {
      const texts = [...trees.values()]
        .filter((tree) => !tree.deleted && !tree.head.temporary)
        .flatMap((tree) => [...tree.messages.values()])
        .filter(({ role }) => role === "user")
        .sort((a, b) => b.createdAt - a.createdAt)
        .map(({ content }) => (typeof content === "string" ? content : ""));
      return [...new Set(texts)].filter((text) => text !== "").slice(0, PROMPTS);
    },
    attachment: (hash) => blobs.get(hash),
    recall: () => Object.fromEntries(notes),
    backups: () => [],
    budgets: () => [],
    estimate: ({ text }) => ({
      inputTokens: Math.ceil(text.length / 4),
      exact: false,
      inputCost: null,
      mostCost: null,
      contextTokens: null,
      leftOut: 0,
    }),
    instruct({ conversationId, systemPrompt = null }) {
      const tree = treeOf(conversationId);
      tree.systemPrompt = systemPrompt;
      return summaryOf(tree);
    },
    setBudget: () => [],
    usage: () => [],
    saveUsage: () => "…/exports/usage.csv",
    remember({ name, text }) {
      if (text === null) notes.delete(name);
      else notes.set(name, text);
      return true;
    },
  };
}

/** The state of an answer after a run, given its `earlier` runs. */
function outcomeOf(
  { content, reasoning, parts }: FakeMessage,
  events: readonly AnyEvent[],
  last: AnyEvent,
  earlier: Usage[],
): Partial<FakeMessage> {
  let text = textOf(content);
  let thought = reasoning;
  const tools: ToolCall[] = [];
  const notices = [];
  for (const event of events) {
    if (event.channel === "llm:token") text += event.token;
    else if (event.channel === "llm:reasoning") thought += event.text;
    else if (event.channel === "llm:notice") notices.push({ code: event.code, text: event.text });
    else if (event.channel === "llm:tool") {
      const { id, name, argumentsDelta } = event;
      const known = tools.find((call) => call.id === id);
      if (known === undefined) tools.push({ id, name, arguments: argumentsDelta });
      else known.arguments += argumentsDelta;
    }
  }
  const done = last.channel === "llm:done" ? last : null;
  const error = last.channel === "llm:error" ? last : null;
  const wait = error?.retryAfterMs ?? null;
  return {
    status: error !== null ? "failed" : done?.cancelled ? "cancelled" : "complete",
    content: text,
    reasoning: thought,
    parts: answerParts(parts, events),
    detail: {
      tools,
      notices,
      finishReason: done?.finishReason ?? null,
      usage: done?.usage ?? null,
      timing: done?.timing ?? null,
      reasoningMs: null,
      earlier,
      failure: error && {
        code: error.code,
        message: error.error,
        retryable: error.retryable,
        retryAt: wait === null ? null : Date.now() + wait,
      },
    },
  };
}

function summaryOf({ head, messages }: Tree): ConversationSummary {
  const live = [...messages.values()].find(({ status }) => status === "streaming");
  return { ...head, messageCount: messages.size, inferenceId: live?.inferenceId ?? null };
}

function pathOf({ messages, chosen }: Tree): FakeMessage[] {
  const path: FakeMessage[] = [];
  let place = messages.get(chosen ?? "");
  while (place !== undefined) {
    path.push(place);
    place = messages.get(place.chosen ?? "");
  }
  return path;
}

function point(tree: Tree, parentId: string | null, childId: string | null): void {
  const parent = parentId === null ? tree : tree.messages.get(parentId);
  if (parent !== undefined) parent.chosen = childId;
}

/** The text of a message, without its attachments. */
export function textOf(content: StoredMessage["content"] | SendRequest["content"]): string {
  if (typeof content === "string") return content;
  return content.map((part) => (part.type === "text" ? part.text : "")).join("");
}

function firstWords(text: string): string {
  const words = text.split(/\s+/).join(" ").trim();
  return words.length <= TITLE_CHARACTERS ? words : `${words.slice(0, TITLE_CHARACTERS)}…`;
}

function hitIn(text: string, words: string): Pick<SearchHit, "snippet" | "marks"> | null {
  const place = text.toLowerCase().indexOf(words);
  if (place === -1) return null;
  const start = Math.max(0, place - SNIPPET_CHARACTERS);
  const snippet = text.slice(start, place + words.length + SNIPPET_CHARACTERS);
  return { snippet, marks: [{ start: place - start, end: place - start + words.length }] };
}

/** The usage of each run of an answer. */
function usagesOf({ detail }: FakeMessage): Usage[] {
  return [...(detail?.earlier ?? []), ...(detail?.usage ? [detail.usage] : [])];
}
