/** Drafts: what was typed and not yet taken, kept by conversation over a reload. */
import { createKeeping, type Keeping } from "../attachments/keeping";
import type { Notes } from "./notes";

const PREFIX = "tidewire.draft.";
const NOTE = "draft.";

/** A message that was sent; whether the host has it is not known yet. */
export interface Sent {
  readonly inferenceId: string;
  readonly text: string;
}

export interface Draft {
  readonly text: string;
  /** What is to be said when the answer is complete. */
  readonly queue: readonly string[];
  readonly sent: Sent | null;
}

export const NO_DRAFT: Draft = { text: "", queue: [], sent: null };

export interface Drafts {
  read(key: string): Draft;
  /** An empty one is removed. */
  write(key: string, draft: Draft): void;
  /** What the host has of it, for a page whose own storage is new; its words alone. */
  recall(key: string): Promise<string>;
  /** What is attached to them. */
  readonly attached: Keeping;
}

/**
 * Where drafts are: those of kept conversations outlive the tab, and with `notes` the program; the
 * others do not.
 */
export function createDrafts(
  lasting: Storage | null,
  tab: Storage | null,
  notes: Notes | null = null,
): Drafts {
  const place = (key: string) => (key === NEW_CHAT ? tab : lasting);

  function tellHost(key: string, { text, queue }: Draft): void {
    if (key === NEW_CHAT) return;
    const words = joined([...queue, text]);
    notes?.remember(NOTE + key, words === "" ? null : words);
  }

  return {
    attached: createKeeping(tab),
    read(key) {
      try {
        const kept: unknown = JSON.parse(place(key)?.getItem(PREFIX + key) ?? "null");
        return isDraft(kept) ? kept : NO_DRAFT;
      } catch {
        return NO_DRAFT;
      }
    },
    write(key, draft) {
      const isEmpty = draft.text === "" && draft.queue.length === 0 && draft.sent === null;
      tellHost(key, draft);
      try {
        if (isEmpty) place(key)?.removeItem(PREFIX + key);
        else place(key)?.setItem(PREFIX + key, JSON.stringify(draft));
      } catch {
        // Full or switched off: then a reload forgets it.
      }
    },
    async recall(key) {
      return (await notes?.recall())?.get(NOTE + key) ?? "";
    },
  };
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

function isDraft(kept: unknown): kept is Draft {
  if (typeof kept !== "object" || kept === null) return false;
  const { text, queue, sent } = kept as Partial<Draft>;
  if (typeof text !== "string" || !Array.isArray(queue)) return false;
  if (!queue.every((one) => typeof one === "string")) return false;
  return sent === null || (typeof sent?.text === "string" && typeof sent.inferenceId === "string");
}
