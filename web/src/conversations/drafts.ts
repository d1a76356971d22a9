/**
 * Keeps what was written and not sent. The host's notes have it within a second, and keep it when the
 * program ends; the tab's storage bridges a reload. It is written when the page goes, and removed when
 * the next one has read it, so a temporary chat leaves nothing there while it is open.
 */

import { type DraftAttachment, lost } from "../attachments/draftAttachment";
import { type AttachmentStorage, createAttachmentStorage } from "../attachments/persistence";
import type { HostStorage } from "./hostStorage";

const KEPT = "tidewire.drafts";
const NOTE = "draft.";
/** The key of a conversation that the host does not know yet. */
export const NEW_CHAT = "new";

/** A message that was sent; whether the host has it is not known yet. */
export interface PendingSend {
  readonly inferenceId: string;
  readonly text: string;
  /** The message that it is another version of. */
  readonly edited: string | null;
}

/** Another version of a message, as it is being written. */
export interface KeptEdit {
  readonly messageId: string;
  readonly text: string;
  readonly attached: readonly DraftAttachment[];
}

export interface Draft {
  readonly text: string;
  readonly queue: readonly string[];
  readonly sent: PendingSend | null;
  /** Of what is attached. Its bytes are with `attached`; where there was no room, the page says so. */
  readonly names: readonly string[];
  readonly edits: readonly KeptEdit[];
}

export const NO_DRAFT: Draft = { text: "", queue: [], sent: null, names: [], edits: [] };

export interface DraftSource {
  /** The conversation's id, or `NEW_CHAT`. */
  key(): string;
  isTemporary(): boolean;
  read(): Draft;
}

export interface Drafts {
  /** What was kept over a reload, given once; null when this tab knows nothing of it. */
  take(key: string): Draft | null;
  /** What the host has, for a page whose own storage is new. */
  recall(key: string): Promise<Draft>;
  /** From now on the draft is kept; at once when something of it is being sent. */
  follow(source: DraftSource): { changed(isSent: boolean): void; close(): void };
  /** What is attached to drafts. */
  readonly attached: AttachmentStorage;
}

export function createDrafts(tab: Storage | null, notes: HostStorage): Drafts {
  const kept = new Map<string, Draft>();
  const sources = new Set<DraftSource>();

  addEventListener("pagehide", () => {
    const all = new Map(kept);
    for (const source of sources) put(all, source.key(), source.read());
    attempt(() => tab?.setItem(KEPT, JSON.stringify([...all])));
  });
  attempt(() => {
    const found: unknown = JSON.parse(tab?.getItem(KEPT) ?? "[]");
    for (const [key, draft] of found as [string, unknown][]) put(kept, key, draftOf(draft));
  });
  attempt(() => tab?.removeItem(KEPT));

  return {
    attached: createAttachmentStorage(tab, notes),
    take(key) {
      const draft = kept.get(key) ?? null;
      kept.delete(key);
      return draft;
    },
    async recall(key) {
      const note = (await notes.recall()).get(NOTE + key);
      try {
        return draftOf(JSON.parse(note ?? "null"));
      } catch {
        return NO_DRAFT;
      }
    },
    follow(source) {
      let before = source.key();
      sources.add(source);
      return {
        changed(isSent) {
          const key = source.key();
          const isOther = key !== before;
          if (isOther || source.isTemporary()) notes.remember(NOTE + before, null);
          before = key;
          if (!source.isTemporary()) notes.remember(NOTE + key, () => noteOf(source.read()));
          if (isOther || isSent) notes.flush();
        },
        close() {
          sources.delete(source);
          put(kept, source.key(), source.read());
        },
      };
    },
  };
}

/** What was found, and the names of what was not. */
export function withLost(
  found: readonly DraftAttachment[],
  names: readonly string[],
): readonly DraftAttachment[] {
  const known = found.map(({ name }) => name ?? "");
  return [...found, ...names.filter((name) => !known.includes(name)).map(lost)];
}

/** Several conversations may be new. None of their messages has arrived, so all of it is one draft. */
function put(all: Map<string, Draft>, key: string, draft: Draft): void {
  const before = all.get(key);
  const textsOf = ({ sent, queue, text }: Draft) => [sent?.text ?? "", ...queue, text];
  const text = joined([before, draft].flatMap((one) => (one === undefined ? [] : textsOf(one))));
  const names = [...(before?.names ?? []), ...draft.names];
  all.set(key, before === undefined ? draft : { ...NO_DRAFT, text, names });
}

/** Storage can be switched off; then a reload finds nothing. */
export function storageOf(page: Window, name: "localStorage" | "sessionStorage"): Storage | null {
  try {
    return page[name];
  } catch {
    return null;
  }
}

/** Everything that was written, in the order in which it was to be sent. */
export function joined(texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join("\n");
}

export function isNoDraft({ text, queue, sent, names, edits }: Draft): boolean {
  return text === "" && sent === null && queue.length + names.length + edits.length === 0;
}

const noteOf = (draft: Draft): string | null => (isNoDraft(draft) ? null : JSON.stringify(draft));

/** Storage may be full, switched off or damaged: then a reload forgets what was written. */
function attempt(run: () => void): void {
  try {
    run();
  } catch {
    // See above.
  }
}

/** Anything that is not a draft is none. */
function draftOf(kept: unknown): Draft {
  const { text = "", queue = [], sent = null, names = [], edits = [] } = (kept ?? {}) as Draft;
  const isSent = sent === null || (isText(sent.text) && isText(sent.inferenceId));
  const areEdits = Array.isArray(edits) && edits.every((one) => isText(one.text));
  const isDraft = isText(text) && areTexts(queue) && areTexts(names) && isSent && areEdits;
  return isDraft ? { text, queue, sent, names, edits } : NO_DRAFT;
}

const isText = (value: unknown): value is string => typeof value === "string";
const areTexts = (values: unknown): boolean => Array.isArray(values) && values.every(isText);

/** An attachment as it can be kept at once: those of the host by their hash, others by their name. */
export function kept({ name, hash, bytes, ...rest }: DraftAttachment): DraftAttachment {
  return bytes === null && hash !== "" ? { name, hash, bytes, ...rest } : lost(name ?? "");
}
