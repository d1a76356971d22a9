/** What was typed and not yet sent, kept by conversation over a reload. */
import { type DraftAttachment, lost } from "../attachments/draftAttachment";
import { type AttachmentStorage, createAttachmentStorage } from "../attachments/persistence";
import type { HostStorage } from "./hostStorage";

const PREFIX = "tidewire.draft.";
const NOTE = "draft.";

/** A message that was sent; whether the host has it is not known yet. */
export interface PendingSend {
  readonly inferenceId: string;
  readonly text: string;
}

export interface Draft {
  readonly text: string;
  /** What is to be said when the answer is complete. */
  readonly queue: readonly string[];
  readonly sent: PendingSend | null;
  /** Of what is attached: where there was no room for its bytes, that is said. */
  readonly names: readonly string[];
}

/** What there is of a draft in a page that is opened anew. */
export interface Recalled {
  readonly text: string;
  readonly attached: readonly DraftAttachment[];
}

export const NO_DRAFT: Draft = { text: "", queue: [], sent: null, names: [] };

export interface Drafts {
  read(key: string): Draft;
  /** An empty one is removed. */
  write(key: string, draft: Draft): void;
  /** What the host has of it, for a page whose own storage is new. */
  recall(key: string): Promise<Recalled>;
  /** What is attached to them. */
  readonly attached: AttachmentStorage;
}

/**
 * Where drafts are: those of kept conversations outlive the tab, and with `notes` all of them outlive
 * the program. Of what was never begun the host has what was typed last, in whatever window.
 */
export function createDrafts(
  lasting: Storage | null,
  tab: Storage | null,
  notes: HostStorage | null = null,
): Drafts {
  const place = (key: string) => (key === NEW_CHAT ? tab : lasting);

  function tellHost(key: string, { text, queue, names }: Draft): void {
    const words = joined([...queue, text]);
    const isEmpty = words === "" && names.length === 0;
    notes?.remember(NOTE + key, isEmpty ? null : JSON.stringify({ text: words, names }));
  }

  const attached = createAttachmentStorage(tab, notes);

  return {
    attached,
    read(key) {
      try {
        return draftIn(place(key)?.getItem(PREFIX + key) ?? null);
      } catch {
        return NO_DRAFT;
      }
    },
    write(key, draft) {
      const { text, queue, sent, names } = draft;
      const isEmpty = text === "" && sent === null && queue.length + names.length === 0;
      tellHost(key, draft);
      try {
        if (isEmpty) place(key)?.removeItem(PREFIX + key);
        else place(key)?.setItem(PREFIX + key, JSON.stringify(draft));
      } catch {
        // Full or switched off: then a reload forgets it.
      }
    },
    async recall(key) {
      const { text, names } = draftIn((await notes?.recall())?.get(NOTE + key) ?? null);
      return { text, attached: withLost(await attached.recall(key), names) };
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

/** The key of a conversation that is not begun yet. */
export const NEW_CHAT = "new";

/** Storage can be switched off; then a reload finds nothing. */
export function storageOf(page: Window, name: "localStorage" | "sessionStorage"): Storage | null {
  try {
    return page[name];
  } catch {
    return null;
  }
}

/** Everything that was typed, in the order in which it was to be said. */
export function joined(texts: readonly string[]): string {
  return texts.filter((text) => text !== "").join("\n");
}

/** What is no draft is none. */
function draftIn(kept: string | null): Draft {
  let found: Partial<Draft> | null;
  try {
    found = JSON.parse(kept ?? "null");
  } catch {
    return NO_DRAFT;
  }
  const { text, queue = [], sent = null, names = [] } = found ?? NO_DRAFT;
  const isSent = sent === null || (isText(sent.text) && isText(sent.inferenceId));
  const isDraft = isText(text) && areTexts(queue) && areTexts(names) && isSent;
  return isDraft ? { text, queue, sent, names } : NO_DRAFT;
}

const isText = (value: unknown): value is string => typeof value === "string";
const areTexts = (values: unknown): boolean => Array.isArray(values) && values.every(isText);
