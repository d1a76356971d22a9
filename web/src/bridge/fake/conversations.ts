/** Conversations of the fake host: a tree of messages each, kept as long as the page lives. */
import type {
  AnswerRequest,
  AnyTopic,
  ConversationSummary,
  ConversationView,
  EditRequest,
  ExportReply,
  ExportRequest,
  FolderChange,
  Message,
  MessageStatus,
  NewConversation,
  PinChange,
  SearchHit,
  SearchReply,
  SearchRequest,
  SendReply,
  SendRequest,
  Spent,
  StoredMessage,
  TitleChange,
  Usage,
  ViewRequest,
} from "../contract";
import { FakeBlobs, told } from "./blobs";
import { FakeImports } from "./imports";
import { FakeNotes } from "./notes";
import { refusal } from "./refusal";
import type { FakeRun } from "./run";

const TITLE_CHARACTERS = 60;
const SNIPPET_CHARACTERS = 40;
const PROMPTS = 100;

/** What the host does for a conversation: answer these messages, and tell how that ended. */
export type Answer = (
  wanted: string | null | undefined,
  messages: readonly Message[],
  end: (run: FakeRun, failed: boolean) => void,
) => string;

interface FakeMessage extends Omit<StoredMessage, "siblings"> {
  /** The child that the path goes on with. */
  chosen: string | null;
}

interface Tree {
  head: Omit<ConversationSummary, "messageCount" | "inferenceId">;
  readonly messages: Map<string, FakeMessage>;
  chosen: string | null;
  deleted: boolean;
}

export class FakeConversations {
  readonly #trees = new Map<string, Tree>();
  readonly #answer: Answer;
  readonly #cancel: (inferenceId: string) => void;
  readonly #by: { readonly providerId: string; readonly modelId: string };
  readonly #publish: (topic: AnyTopic) => void;
  readonly #imports = new FakeImports(
    (title, messages) => this.#take(title, messages),
    (value) => this.#publish({ channel: "topic", name: "import", key: value.importId, value }),
  );
  readonly #notes = new FakeNotes();
  readonly #blobs = new FakeBlobs();
  #version = 0;
  #count = 0;

  constructor(
    answer: Answer,
    cancel: (inferenceId: string) => void,
    by: { readonly providerId: string; readonly modelId: string },
    publish: (topic: AnyTopic) => void,
  ) {
    this.#answer = answer;
    this.#cancel = cancel;
    this.#by = by;
    this.#publish = publish;
    this.#tell();
  }

  /** Carry out one call of the namespace; undefined when it has no such method. */
  call(method: string, params: unknown): unknown {
    switch (method) {
      case "create":
        return this.#create(params as NewConversation);
      case "list":
        return this.#list();
      case "get":
        return this.#view(params as ViewRequest);
      case "send":
        return this.#send(params as SendRequest);
      case "edit":
        return this.#edit(params as EditRequest);
      case "regenerate":
        return this.#regenerate(params as AnswerRequest);
      case "continue_answer":
        return this.#continue(params as AnswerRequest);
      case "choose":
        return this.#choose(params as string);
      case "rename":
        return this.#change((params as TitleChange).conversationId, {
          title: (params as TitleChange).title,
        });
      case "pin":
        return this.#change((params as PinChange).conversationId, {
          pinned: (params as PinChange).pinned,
        });
      case "move":
        return this.#change((params as FolderChange).conversationId, {
          folder: (params as FolderChange).folder,
        });
      case "delete":
        return this.#delete(params as string);
      case "undelete":
        return this.#undelete(params as string);
      case "search":
        return this.#search(params as SearchRequest);
      case "export":
        return this.#export(params as ExportRequest);
      case "export_file":
        return `exports/${this.#export(params as ExportRequest).name}`;
      case "spent":
        return this.#spent(params as string);
      case "attachment":
        return this.#blobs.get(params as string);
      case "prompts":
        return this.#prompts();
      default:
        return this.#notes.call(method, params) ?? this.#imports.call(method, params);
    }
  }

  #spent(id: string): Spent {
    const messages = [...this.#tree(id).messages.values()];
    const answers = messages.map(runsOf).filter(({ length }) => length > 0);
    const sum = (pick: (usage: Usage) => number) =>
      answers.flat().reduce((total, usage) => total + pick(usage), 0);
    return {
      answers: answers.length,
      inputTokens: sum((usage) => usage.inputTokens),
      outputTokens: sum((usage) => usage.outputTokens),
      cost: sum((usage) => usage.cost ?? 0),
      unpriced: answers.filter((usages) => usages.some(({ cost }) => cost === null)).length,
    };
  }

  #prompts(): string[] {
    const asked = [...this.#trees.values()]
      .filter((tree) => !tree.deleted && !tree.head.temporary)
      .flatMap((tree) => [...tree.messages.values()])
      .filter(({ role }) => role === "user")
      .sort((a, b) => b.createdAt - a.createdAt)
      .map(({ content }) => (typeof content === "string" ? content : ""));
    return [...new Set(asked)].filter((text) => text !== "").slice(0, PROMPTS);
  }

  #create({ title, folder, temporary = false }: NewConversation): ConversationSummary {
    const id = this.#id(temporary);
    const now = Date.now();
    const head = {
      id,
      title: title ?? "",
      createdAt: now,
      updatedAt: now,
      pinned: false,
      folder: folder ?? null,
      temporary,
    };
    this.#trees.set(id, { head, messages: new Map(), chosen: null, deleted: false });
    this.#changed();
    return this.#summary(this.#tree(id));
  }

  /** Sorts by the time it was made at, as the real one's do. */
  #id(temporary: boolean): string {
    this.#count += 1;
    const number = String(this.#count).padStart(6, "0");
    return `${temporary ? "tmp-" : ""}kept-${number}-${crypto.randomUUID().slice(0, 8)}`;
  }

  #list(): ConversationSummary[] {
    return [...this.#trees.values()]
      .filter((tree) => !tree.deleted)
      .map((tree) => this.#summary(tree))
      .sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.updatedAt - a.updatedAt);
  }

  #view({ conversationId, limit = 200, before }: ViewRequest): ConversationView {
    const tree = this.#tree(conversationId);
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
    return { conversation: this.#summary(tree), systemPrompt: null, messages, earlier };
  }

  #send({ conversationId, content, inferenceId, after }: SendRequest): SendReply {
    const tree = this.#idle(this.#tree(conversationId));
    if (after != null) this.#choose(after);
    return this.#ask(tree, after ?? pathOf(tree).at(-1)?.id ?? null, content, inferenceId);
  }

  #edit({ messageId, content, inferenceId }: EditRequest): SendReply {
    const [tree, message] = this.#find(messageId);
    this.#idle(tree);
    if (message.parentId !== null) this.#choose(message.parentId);
    return this.#ask(tree, message.parentId, content, inferenceId);
  }

  #regenerate({ messageId, inferenceId }: AnswerRequest): SendReply {
    const [tree, message] = this.#find(messageId);
    this.#idle(tree);
    const question = message.role === "user" ? message.id : message.parentId;
    if (question === null) throw refusal("VALIDATION", "There is no question to answer here");
    this.#choose(question);
    return this.#reply(tree, question, this.#add(tree, question, "assistant", ""), inferenceId);
  }

  #continue({ messageId, inferenceId }: AnswerRequest): SendReply {
    const [tree, message] = this.#find(messageId);
    this.#idle(tree);
    this.#choose(messageId);
    return this.#reply(tree, message.parentId ?? "", message, inferenceId);
  }

  #ask(
    tree: Tree,
    parentId: string | null,
    content: SendRequest["content"],
    inferenceId: string | null | undefined,
  ): SendReply {
    const text = textOf(content);
    const question = this.#add(tree, parentId, "user", this.#blobs.keep(content));
    const answer = this.#add(tree, question.id, "assistant", "");
    if (tree.head.title === "") tree.head.title = firstWords(text);
    try {
      return this.#reply(tree, question.id, answer, inferenceId);
    } catch (error) {
      tree.messages.delete(answer.id);
      tree.messages.delete(question.id);
      point(tree, parentId, null);
      throw error;
    }
  }

  /** Begin the answer in this message; refused, the message is as it was. */
  #reply(
    tree: Tree,
    questionId: string,
    answer: FakeMessage,
    wanted: string | null | undefined,
  ): SendReply {
    const path = pathOf(tree).filter((one) => one.role === "user" || textOf(one.content) !== "");
    const messages = path.map(({ role, content }) => ({ role, content: told(content) }));
    const asked = messages.findLast(({ role }) => role === "user");
    const earlier = runsOf(answer);
    const inferenceId = this.#answer(wanted, asked ? [...messages, asked] : messages, (run, bad) =>
      this.#ended(answer, run, bad, earlier),
    );
    Object.assign(answer, { status: "streaming", inferenceId, detail: null });
    tree.head.updatedAt = Date.now();
    this.#changed();
    const conversationId = tree.head.id;
    return { conversationId, messageId: questionId, answerId: answer.id, inferenceId };
  }

  #ended(answer: FakeMessage, run: FakeRun, failed: boolean, earlier: Usage[]): void {
    // The last event is on its way: what it says is known with it.
    queueMicrotask(() => {
      const end = run.events.at(-1);
      const done = end?.channel === "llm:done" ? end : null;
      const error = end?.channel === "llm:error" ? end : null;
      const status: MessageStatus = failed ? "failed" : done?.cancelled ? "cancelled" : "complete";
      const reasoning = run.events.map((e) => (e.channel === "llm:reasoning" ? e.text : ""));
      Object.assign(answer, {
        status,
        content: textOf(answer.content) + run.text,
        reasoning: answer.reasoning + reasoning.join(""),
        detail: {
          tools: [],
          notices: run.events.filter((event) => event.channel === "llm:notice"),
          finishReason: done?.finishReason ?? null,
          usage: done?.usage ?? null,
          timing: done?.timing ?? null,
          reasoningMs: null,
          earlier,
          failure: error && {
            code: error.code,
            message: error.error,
            retryable: error.retryable,
          },
        },
      });
      this.#changed();
    });
  }

  #add(
    tree: Tree,
    parentId: string | null,
    role: Message["role"],
    content: StoredMessage["content"],
  ): FakeMessage {
    const isAnswer = role === "assistant";
    const message: FakeMessage = {
      id: this.#id(tree.head.temporary),
      parentId,
      role,
      content,
      reasoning: "",
      status: "complete",
      providerId: isAnswer ? this.#by.providerId : null,
      modelId: isAnswer ? this.#by.modelId : null,
      inferenceId: null,
      createdAt: Date.now(),
      detail: null,
      chosen: null,
    };
    tree.messages.set(message.id, message);
    point(tree, parentId, message.id);
    return message;
  }

  #choose(messageId: string): ConversationView {
    const [tree] = this.#find(messageId);
    let place: FakeMessage | undefined = tree.messages.get(messageId);
    while (place !== undefined) {
      point(tree, place.parentId, place.id);
      place = tree.messages.get(place.parentId ?? "");
    }
    return this.#view({ conversationId: tree.head.id });
  }

  #change(id: string, change: Partial<Tree["head"]>): ConversationSummary {
    const tree = this.#tree(id);
    tree.head = { ...tree.head, ...change };
    this.#changed();
    return this.#summary(tree);
  }

  #delete(id: string): boolean {
    const tree = this.#tree(id);
    const { inferenceId } = this.#summary(tree);
    if (inferenceId !== null) this.#cancel(inferenceId);
    tree.deleted = true;
    this.#changed();
    return true;
  }

  #undelete(id: string): ConversationSummary {
    const tree = this.#trees.get(id);
    if (tree === undefined) throw refusal("NOT_FOUND", `Conversation ${id} not found`);
    tree.deleted = false;
    this.#changed();
    return this.#summary(tree);
  }

  #search({ query, limit = 50 }: SearchRequest): SearchReply {
    const words = query.toLowerCase();
    const hits: SearchHit[] = [];
    for (const { head, messages, deleted } of this.#trees.values()) {
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
  }

  #export({ conversationIds, format }: ExportRequest): ExportReply {
    const trees = [...this.#trees.values()].filter(
      ({ head, deleted }) => !deleted && (conversationIds?.includes(head.id) ?? true),
    );
    const all = trees.map((tree) => ({
      title: tree.head.title,
      messages: pathOf(tree).map(({ role, content }) => ({ role, text: textOf(content) })),
    }));
    const text =
      format === "json"
        ? JSON.stringify({ conversations: all })
        : all
            .flatMap(({ title, messages }) => [`# ${title}`, ...messages.map((m) => m.text)])
            .join("\n\n");
    const mediaType = { json: "application/json", md: "text/markdown", html: "text/html" }[format];
    const ending = format === "json" ? "tidewire.json" : format;
    return { name: `conversations.${ending}`, mediaType, text };
  }

  #take(title: string, messages: readonly { role: Message["role"]; text: string }[]): void {
    const { id } = this.#create({ title });
    const tree = this.#tree(id);
    let parent: string | null = null;
    for (const { role, text } of messages) parent = this.#add(tree, parent, role, text).id;
    this.#changed();
  }

  #changed(): void {
    this.#version += 1;
    this.#tell();
  }

  #tell(): void {
    const value = { version: this.#version, problem: null, notices: [] };
    this.#publish({ channel: "topic", name: "store", key: "", value });
  }

  #tree(id: string): Tree {
    const tree = this.#trees.get(id);
    if (tree === undefined || tree.deleted) {
      throw refusal("NOT_FOUND", `Conversation ${id} not found`);
    }
    return tree;
  }

  #find(messageId: string): [Tree, FakeMessage] {
    for (const tree of this.#trees.values()) {
      const message = tree.messages.get(messageId);
      if (message !== undefined && !tree.deleted) return [tree, message];
    }
    throw refusal("NOT_FOUND", `Message ${messageId} not found`);
  }

  #idle(tree: Tree): Tree {
    if (this.#summary(tree).inferenceId === null) return tree;
    throw refusal("SESSION_BUSY", "This conversation is being answered already");
  }

  #summary({ head, messages }: Tree): ConversationSummary {
    const live = [...messages.values()].find(({ status }) => status === "streaming");
    return { ...head, messageCount: messages.size, inferenceId: live?.inferenceId ?? null };
  }
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
  if (parentId === null) tree.chosen = childId;
  else Object.assign(tree.messages.get(parentId) ?? {}, { chosen: childId });
}

function textOf(content: StoredMessage["content"] | SendRequest["content"]): string {
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

/** What each run of an answer took. */
function runsOf({ detail }: FakeMessage): Usage[] {
  return [...(detail?.earlier ?? []), ...(detail?.usage ? [detail.usage] : [])];
}
