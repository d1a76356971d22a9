/** All conversations of a page: the list, the one shown, and those kept open. */

import type {
  CompactionState,
  ConversationSummary,
  RestoreRequest,
  SearchReply,
  WaitingConversation,
} from "../bridge/contract";
import { type BlobCache, createBlobCache } from "../lib/blobs";
import { createStore, type ReadonlyStore } from "../lib/store";
import { type AnswerChoice, NO_FIRST, NO_OPTIONS } from "./answerOptions";
import { type Conversation, createConversation, type ModelRef } from "./conversation";
import { createDrafts, storageOf } from "./drafts";
import { createFolderOptions, type FolderOptionsStore } from "./folderOptions";
import type { HostPort } from "./hostPort";
import { createHostStorage, type HostStorage } from "./hostStorage";
import { type Import, importFile } from "./importFile";
import { createList, type List, type ListState } from "./list";
import type { MessageStore } from "./message";
import type { MessagesByKey } from "./messageStore";

const SHOWN_KEY = "tidewire.chat";
/** The number of idle conversations kept open. */
const MAX_IDLE = 6;
/** Most results of a search. */
export const HITS = 60;
/** Most concurrent calls of one action. */
const MAX_CONCURRENT = 50;

export interface Shown {
  /** False until it is known whether there is a conversation to restore. */
  readonly isKnown: boolean;
  readonly conversation: Conversation;
  /** The search text that led to it; empty without a search. */
  readonly searchText: string;
}

export interface Conversations {
  readonly list: List;
  /** The host's methods, for calls that do not affect these stores. */
  readonly client: HostPort["client"];
  readonly notes: HostStorage;
  /** The bytes of pictures and files, by hash. */
  readonly bytes: BlobCache;
  readonly shown: ReadonlyStore<Shown>;
  /** The conversations in which tool calls wait for a decision. */
  readonly waiting: ReadonlyStore<readonly WaitingConversation[]>;
  /** Restores the conversation that was open; returns a function that disconnects from the host. */
  begin(): () => void;
  /** The open conversation with this key or host id. */
  find(key: string): Conversation | undefined;
  message(key: string): MessageStore | undefined;
  show(id: string): Conversation;
  /** Shows an empty conversation with the last one's draft and, in a folder, its options. */
  showNew(temporary?: boolean, folder?: string | null): void;
  /** The initial options of new chats, by folder. */
  readonly folders: FolderOptionsStore;
  /** Sets the model of new conversations; null for the host's default. */
  prefer(by: ModelRef | null): void;
  /** Shows a message on its branch, with the search text highlighted. */
  reveal(id: string, messageId: string | null, searchText?: string): Promise<void>;
  rename(id: string, title: string): Promise<void>;
  pin(id: string, pinned: boolean): Promise<void>;
  /** Moves conversations into a folder; null takes them out of theirs. */
  move(ids: readonly string[], folder: string | null): Promise<void>;
  remove(id: string): Promise<void>;
  undelete(id: string): Promise<void>;
  /** Searches all conversations, or continues an earlier search from `more`. */
  search(query: string, more?: SearchReply["more"]): Promise<SearchReply>;
  /** Summaries that are being written, that have failed, or that are offered. */
  readonly compactions: ReadonlyStore<readonly CompactionState[]>;
  importFile(file: File, onProgress: (part: number) => void): Import;
  restore(request: RestoreRequest): Promise<void>;
}

export interface ConversationsOptions {
  readonly host: HostPort;
  /** The model of new conversations; null until the host has sent it. */
  readonly defaults?: ReadonlyStore<ModelRef | null>;
  /** Storage of the tab that survives a reload. */
  readonly storage?: Storage | null;
}

export function createConversations({
  host,
  defaults = createStore(null),
  storage = storageOf(window, "sessionStorage"),
}: ConversationsOptions): Conversations {
  const { conversations } = host.client;
  const notes = createHostStorage(host);
  const folders = createFolderOptions(conversations);
  const bytes = createBlobCache(conversations.attachment);
  const list = createList(host);
  const loaded = listWhen(list, ({ phase }) => phase === "open");
  // A refused list is open, too, before the state of the store is known.
  const known = listWhen(list, ({ version }) => version >= 0);
  const drafts = createDrafts(storage, notes, async () => (await known).version === 0);
  const rows: MessagesByKey = new Map();
  const open: Conversation[] = [];
  const waiting = createStore<readonly WaitingConversation[]>([]);
  const compactions = createStore<readonly CompactionState[]>([]);
  let preferred: ModelRef | null = null;
  const shown = createStore<Shown>({
    isKnown: false,
    conversation: addConversation(null),
    searchText: "",
  });

  function addConversation(id: string | null): Conversation {
    const own = { id, host, rows, drafts, bytes, notes, defaults: defaults.get, onNamed: remember };
    const conversation = createConversation(own);
    open.push(conversation);
    return conversation;
  }

  function find(key: string): Conversation | undefined {
    return open.find((conversation) => conversation.key === key || conversation.get().id === key);
  }

  function remember(conversation: Conversation): void {
    if (shown.get().conversation !== conversation) return;
    try {
      const { id } = conversation.get();
      if (id === null) storage?.removeItem(SHOWN_KEY);
      else storage?.setItem(SHOWN_KEY, id);
    } catch {
      // Storage is full or disabled, so a reload starts with a new conversation.
    }
  }

  function setShown(conversation: Conversation, searchText = ""): void {
    const { conversation: before } = shown.get();
    shown.set({ isKnown: true, conversation, searchText });
    remember(conversation);
    if (before !== conversation) before.hide();
    // Most recently used last, so that it stays open longest.
    open.splice(open.indexOf(conversation), 1);
    open.push(conversation);
    const spare = open.filter((other) => other !== conversation && other.isSpare());
    spare.slice(0, Math.max(0, spare.length - MAX_IDLE)).forEach(drop);
  }

  function drop(conversation: Conversation): void {
    open.splice(open.indexOf(conversation), 1);
    conversation.close();
  }

  function show(id: string, searchText = ""): Conversation {
    const conversation = find(id) ?? addConversation(id);
    setShown(conversation, searchText);
    void conversation.open();
    conversation.notice(list.get().items.find((item) => item.id === id) ?? null);
    return conversation;
  }

  function prefer(by: ModelRef | null): void {
    replacePreferred(by);
    const { conversation } = shown.get();
    if (conversation.get().phase === "new") conversation.choose(by);
  }

  /** Replaces the preferred model, also in chats that have begun with it and have no message yet. */
  function replacePreferred(by: ModelRef | null): void {
    for (const conversation of open) {
      const state = conversation.get();
      if (state.phase === "new" && state.by === preferred) conversation.choose(by);
    }
    preferred = by;
  }

  function showNew(temporary = false, folder: string | null = null): void {
    const isEmpty = ({ get }: Conversation) => get().phase === "new" && get().messages.length === 0;
    const conversation = open.find(isEmpty) ?? addConversation(null);
    conversation.setTemporary(temporary);
    void conversation.recall();
    if (preferred !== null) conversation.choose(preferred);
    void enterFolder(conversation.options, folder);
    setShown(conversation);
  }

  async function enterFolder({ first, choose }: AnswerChoice, folder: string | null) {
    if (first.get().folder === folder) return;
    choose(NO_OPTIONS);
    first.set({ ...NO_FIRST, folder });
    const found = folder === null ? null : await folders.of(folder);
    if (found === null || first.get().folder !== folder) return;
    const { instructions, budget, ...options } = found;
    choose(options);
    first.set({ instructions, budget, folder });
  }

  /** Restores the conversation from before the reload, or the last one if the host just started. */
  async function restoreShown(): Promise<void> {
    const { conversation } = shown.get();
    const isUntouched = () =>
      shown.get().conversation === conversation &&
      conversation.get().messages.length === 0 &&
      conversation.isUntouched();
    const id = readShownId(storage);
    if (id !== null) {
      const found = show(id);
      await found.open();
      if (found.get().phase === "gone" && shown.get().conversation === found) showNew();
      return;
    }
    const { version, items } = await loaded;
    const [last] = [...items].sort((a, b) => b.updatedAt - a.updatedAt);
    if (version === 0) {
      await conversation.recall();
      if (last !== undefined && isUntouched()) show(last.id);
    }
    shown.set({ ...shown.get(), isKnown: true });
  }

  /** Refreshes conversations whose waiting calls changed; without a run, no event reports it. */
  function updateWaiting(now: readonly WaitingConversation[] = []): void {
    const before = waiting.get();
    waiting.set(now);
    const callsIn = (all: typeof now, id: string | null) =>
      all.find(({ conversationId }) => conversationId === id)?.calls;
    for (const conversation of open) {
      const { id } = conversation.get();
      if (callsIn(before, id) !== callsIn(now, id)) conversation.refresh();
    }
  }

  let summaries: number | null = null;

  function refreshOpen(): void {
    const { items, version, ...state } = list.get();
    if (summaries !== state.summaries) {
      if (summaries !== null) for (const conversation of open) conversation.refresh();
      summaries = version < 0 ? null : state.summaries;
    }
    const { conversation } = shown.get();
    conversation.notice(items.find(({ id }) => id === conversation.get().id) ?? null);
  }

  /** Shows a change before the host confirms it; `part` is null to remove the conversations. */
  function change(
    ids: readonly string[],
    part: Partial<ConversationSummary> | null,
    request: () => Promise<unknown>,
  ): Promise<void> {
    const changed = new Set(ids);
    return list.optimistic(
      (items) =>
        part === null
          ? items.filter((item) => !changed.has(item.id))
          : items.map((item) => (changed.has(item.id) ? { ...item, ...part } : item)),
      request,
    );
  }

  return {
    list,
    client: host.client,
    notes,
    bytes,
    shown,
    find,
    show,
    showNew,
    folders,
    prefer,
    message: (key) => rows.get(key),
    waiting,
    compactions,
    begin() {
      const ends = [
        list.watch(),
        list.subscribe(refreshOpen),
        host.topics.on("waiting", updateWaiting),
        host.topics.on("compaction", (now = []) => compactions.set(now)),
        // A provider that this window preferred may have been removed. New chats show the change.
        defaults.subscribe(() => replacePreferred(null)),
      ];
      updateWaiting(host.topics.get("waiting"));
      compactions.set(host.topics.get("compaction") ?? []);
      void restoreShown().catch(() => shown.set({ ...shown.get(), isKnown: true }));
      return () => {
        for (const end of ends) end();
      };
    },
    async reveal(id, messageId, searchText = "") {
      const conversation = show(id, searchText);
      if (messageId !== null) await conversation.reveal(messageId);
    },
    rename: (conversationId, title) =>
      change([conversationId], { title }, () => conversations.rename({ conversationId, title })),
    pin: (conversationId, pinned) =>
      change([conversationId], { pinned }, () => conversations.pin({ conversationId, pinned })),
    move: (ids, folder) =>
      change(ids, { folder }, async () => {
        for (let done = 0; done < ids.length; done += MAX_CONCURRENT) {
          const some = ids.slice(done, done + MAX_CONCURRENT);
          await Promise.all(some.map((id) => conversations.move({ conversationId: id, folder })));
        }
      }),
    async remove(id) {
      if (shown.get().conversation.get().id === id) showNew();
      await change([id], null, () => conversations.delete(id));
      const removed = find(id);
      if (removed !== undefined && removed !== shown.get().conversation) drop(removed);
    },
    async undelete(id) {
      await conversations.undelete(id);
      await list.refresh();
    },
    search: (query, more = null) => conversations.search({ query, limit: HITS, more }),
    importFile: (file, onProgress) => importFile(host, file, onProgress),
    async restore(request) {
      await conversations.restore(request);
      // The open conversation may be deleted or changed.
      showNew();
      open.filter((conversation) => conversation !== shown.get().conversation).forEach(drop);
      await list.refresh();
    },
  };
}

/** The first state of the list for which the condition holds. */
function listWhen(list: List, holds: (state: ListState) => boolean): Promise<ListState> {
  return new Promise((resolve) => {
    if (holds(list.get())) resolve(list.get());
    const stop = list.subscribe((state) => {
      if (!holds(state)) return;
      stop();
      resolve(state);
    });
  });
}

function readShownId(storage: Storage | null): string | null {
  try {
    const id = storage?.getItem(SHOWN_KEY) ?? null;
    return id !== null && /^[\w-]{1,100}$/.test(id) ? id : null;
  } catch {
    return null;
  }
}
