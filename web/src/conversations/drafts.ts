/**
 * Stores drafts. The host's notes receive them within a second and keep them when the program ends; the
 * tab's storage bridges a reload. It is written when the page unloads and cleared when the next page
 * has read it, so a temporary chat leaves nothing there while it is open.
 */

import { type DraftAttachment, type DraftMessage, lostFile } from "../attachments/draftAttachment";
import { type AttachmentStorage, createAttachmentStorage } from "../attachments/persistence";
import type { HostStorage } from "./hostStorage";

const STORAGE_KEY = "tidewire.drafts";
/** The id of this page in the names of its notes. It stays in a reload. */
const PAGE_KEY = "tidewire.page";
const NOTE = "draft.";
/** The key of a conversation that the host does not know yet. */
export const NEW_CHAT = "new";

/** A text of which a server may have written some, with the template that made it. */
type DraftText = Omit<DraftMessage, "attached" | "setUp">;

/** A message that was sent but that the host has not acknowledged yet. */
export interface PendingSend extends DraftText {
  readonly inferenceId: string;
  /** The message of which it is another version. */
  readonly edited: string | null;
}

/** An edited version of a message that is not sent yet. */
export interface StoredEdit extends Omit<DraftMessage, "template" | "setUp"> {
  readonly messageId: string;
}

/** It is untrusted if a server wrote some of the text or of the queue. */
export interface Draft extends DraftText {
  readonly queue: readonly string[];
  readonly sent: PendingSend | null;
  /** Names of the attachments. `attached` stores their bytes; the page reports those without room. */
  readonly names: readonly string[];
  readonly edits: readonly StoredEdit[];
  /** Whether the host may have another one, which was not read yet. */
  readonly isPartial?: boolean | undefined;
}

export const NO_DRAFT: Draft = {
  text: "",
  queue: [],
  sent: null,
  names: [],
  edits: [],
  untrusted: false,
};

export interface DraftSource {
  /** The conversation's id, or `NEW_CHAT`. */
  key(): string;
  isTemporary(): boolean;
  /** Null as long as only the host has the draft: a copy from here would then delete it. */
  read(): Draft | null;
}

/** What the host has of a draft. */
export interface RecalledDraft {
  readonly draft: Draft;
  readonly attached: readonly DraftAttachment[];
  /** Call once it is a draft of this page: removes the notes of pages that are gone. */
  settle(): void;
}

export interface Drafts {
  /** The draft from before the reload, returned once; null if only the host may have one. */
  take(key: string): Draft | null;
  /**
   * The host's copy from before this page; no draft if this page has stored one since. The first page
   * gets what earlier ones left in their new chats.
   */
  recall(key: string): Promise<RecalledDraft>;
  /** Stores the draft from now on; immediately while a message is being sent. */
  follow(source: DraftSource): { onChange(isSent: boolean): void; close(): void };
  /** Stores the attachments of drafts. */
  readonly attached: AttachmentStorage;
}

/** `isFirst`: whether nothing has changed since the host started: no other page has a new chat then. */
export function createDrafts(
  tab: Storage | null,
  notes: HostStorage,
  isFirst: () => Promise<boolean>,
): Drafts {
  const savedDrafts = new Map<string, Draft>();
  const sources = new Set<DraftSource>();
  /** Keys whose notes this page has written. */
  const written = new Set<string>();
  const page = pageId(tab);
  /** The name of a draft at the host. Each page has a new chat of its own. */
  const nameOf = (key: string) => (key === NEW_CHAT ? `${key}.${page}` : key);
  const attached = createAttachmentStorage(tab, notes, nameOf);

  addEventListener("pagehide", () => {
    const all = new Map(savedDrafts);
    for (const source of sources) put(all, source.key(), source.read());
    attempt(() => tab?.setItem(STORAGE_KEY, JSON.stringify([...all])));
  });
  attempt(() => {
    const found: unknown = JSON.parse(tab?.getItem(STORAGE_KEY) ?? "[]");
    for (const [key, draft] of found as [string, unknown][]) put(savedDrafts, key, draftOf(draft));
  });
  attempt(() => tab?.removeItem(STORAGE_KEY));

  return {
    attached,
    take(key) {
      // Two new chats have the same key: the note is the first one's.
      const isHere = [...sources].some((other) => other.key() === key && !other.isTemporary());
      const draft = savedDrafts.get(key) ?? (isHere ? NO_DRAFT : null);
      savedDrafts.delete(key);
      return draft;
    },
    async recall(key) {
      const isOfAll = key === NEW_CHAT && (await isFirst());
      const all = await notes.recall();
      const own = nameOf(key);
      const others = isOfAll ? [...all.keys()].flatMap(newChatOf).filter((id) => id !== own) : [];
      const names = [own, ...new Set(others)];
      const found = await attached.recall(names);
      const draft = new Map<string, Draft>();
      for (const name of written.has(key) ? names.slice(1) : names) {
        const note = all.get(NOTE + name);
        if (note !== undefined) attempt(() => put(draft, key, draftOf(JSON.parse(note))));
      }
      return {
        draft: draft.get(key) ?? NO_DRAFT,
        attached: found,
        settle() {
          if (others.length > 0) notes.flush();
          for (const name of names.slice(1)) notes.remember(NOTE + name, null);
          attached.replace(names.slice(1));
        },
      };
    },
    follow(source) {
      let before = source.key();
      sources.add(source);
      return {
        onChange(isSent) {
          const key = source.key();
          const isOther = key !== before;
          if (isOther || source.isTemporary()) notes.remember(NOTE + nameOf(before), null);
          before = key;
          written.add(key);
          if (!source.isTemporary()) {
            notes.remember(NOTE + nameOf(key), () => noteOf(source.read()));
          }
          if (isOther || isSent) notes.flush();
        },
        close() {
          sources.delete(source);
          put(savedDrafts, source.key(), source.read());
        },
      };
    },
  };
}

/** The attachments found, and placeholders for the names that were not. */
export function withLost(
  found: readonly DraftAttachment[],
  names: readonly string[],
): readonly DraftAttachment[] {
  const known = found.map(({ name }) => name ?? "");
  return [...found, ...names.filter((name) => !known.includes(name)).map(lostFile)];
}

/** Adds to a draft. New conversations share one key, so their unsent texts become one draft. */
function put(all: Map<string, Draft>, key: string, draft: Draft | null): void {
  if (draft === null) return;
  const before = all.get(key);
  const textsOf = ({ sent, queue, text }: Draft) => [sent?.text ?? "", ...queue, text];
  const text = joinTexts([before, draft].flatMap((entry) => (entry ? textsOf(entry) : [])));
  const names = [...(before?.names ?? []), ...draft.names];
  const untrusted = [before, before?.sent, draft, draft.sent].some((entry) => entry?.untrusted);
  const isPartial = before?.isPartial || draft.isPartial;
  all.set(key, before === undefined ? draft : { ...NO_DRAFT, text, names, untrusted, isPartial });
}

/** The page's storage, or null if it is disabled. */
export function storageOf(page: Window, name: "localStorage" | "sessionStorage"): Storage | null {
  try {
    return page[name];
  } catch {
    return null;
  }
}

/** All texts in the order in which they were to be sent. */
export function joinTexts(texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join("\n");
}

export function isNoDraft({ text, queue, sent, names, edits }: Draft): boolean {
  return text === "" && sent === null && queue.length + names.length + edits.length === 0;
}

function pageId(tab: Storage | null): string {
  let id: string = crypto.randomUUID();
  attempt(() => {
    id = tab?.getItem(PAGE_KEY) ?? id;
    tab?.setItem(PAGE_KEY, id);
  });
  return id;
}

/** The name in a note of a new chat, of whatever page. */
const newChatOf = (note: string): string[] =>
  /^(?:draft|attached)\.(new(?:\..*)?)$/.exec(note)?.slice(1) ?? [];

const noteOf = (draft: Draft | null): string | null =>
  draft === null || isNoDraft(draft) ? null : JSON.stringify(draft);

/** Storage may be full, disabled or damaged: a reload then loses the draft. */
function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // See above.
  }
}

/** Reads a stored draft; anything invalid is no draft. */
function draftOf(stored: unknown): Draft {
  const draft = { ...NO_DRAFT, ...(stored as Partial<Draft> | null) };
  const { text, queue, sent, names, edits, untrusted, template, isPartial } = draft;
  const isSent = sent === null || (isText(sent.text) && isText(sent.inferenceId));
  const areEdits = Array.isArray(edits) && edits.every((edit) => isText(edit.text));
  const isDraft = isText(text) && areTexts(queue) && areTexts(names) && isSent && areEdits;
  if (!isDraft) return NO_DRAFT;
  return { text, queue, sent, names, edits, untrusted, template, isPartial };
}

const isText = (value: unknown): value is string => typeof value === "string";
const areTexts = (values: unknown): boolean => Array.isArray(values) && values.every(isText);

/** The attachment for synchronous storage: by hash if the host has it, else by name. */
export function storableAttachment(attached: DraftAttachment): DraftAttachment {
  const { name, hash, bytes } = attached;
  return bytes === null && hash !== "" ? attached : lostFile(name ?? "");
}
