/** Stores the attachments of drafts: in the tab for a reload, with the host for a restart. */

import { fromBase64, toBase64 } from "../lib/blobs";
import { type DraftAttachment, isLost, lostFile } from "./draftAttachment";

const PREFIX = "tidewire.attached.";
const NOTE = "attached.";
/** Most characters of one draft; a tab's storage holds about three times as many. */
const MAX_DRAFT_CHARACTERS = 1_500_000;
/** Most characters of all drafts at the host, which sends them to every page that opens. */
const MAX_TOTAL_CHARACTERS = 6_000_000;

/** Texts that outlive the program. */
export interface Notes {
  recall(): Promise<ReadonlyMap<string, string>>;
  /** Null deletes it. */
  remember(name: string, text: string | null): void;
  /** Writes all pending changes now. */
  flush(): void;
}

export interface StoredAttachments {
  /** Attachments in the tray or in the queue. */
  readonly typed: readonly DraftAttachment[];
  /** Attachments that were sent and that the host has not acknowledged yet. */
  readonly sent: readonly DraftAttachment[];
}

export interface AttachmentStorage {
  /** Attachments for which there was no room come back by name, as lost. */
  read(key: string): StoredAttachments;
  /** `isHosts`: whether the host stores them, too, in place of its own copy. */
  write(key: string, attachments: StoredAttachments, isHosts?: boolean): void;
  /** The host's copies under these names, for a page whose own storage is empty. */
  recall(names: readonly string[]): Promise<readonly DraftAttachment[]>;
  /** Removes the host's copies under these names, once the next write has replaced them. */
  replace(names: readonly string[]): void;
}

type Item = Pick<DraftAttachment, "kind" | "name" | "mediaType" | "size" | "scaledTo" | "hash"> & {
  /** Null if there was no room. */
  readonly data: string | null;
  /** Whether the host has it under its hash. */
  readonly said: boolean;
};

/** `nameOf`: the name of a draft at the host, from its key. */
export function createAttachmentStorage(
  storage: Storage | null,
  notes: Notes | null = null,
  nameOf = (key: string) => key,
): AttachmentStorage {
  const lastWriteIds = new Map<string, number>();
  let replaced: readonly string[] = [];

  async function put(
    key: string,
    attachments: StoredAttachments,
    isHosts: boolean,
    writeId: number,
  ): Promise<void> {
    let room = MAX_DRAFT_CHARACTERS;
    const itemOf = async (attachment: DraftAttachment): Promise<Item> => {
      const { kind, name, mediaType, size, scaledTo, hash, bytes } = attachment;
      const fits = bytes !== null && (bytes.size * 4) / 3 <= room;
      if (fits) room -= (bytes.size * 4) / 3;
      const data = fits ? await toBase64(bytes) : null;
      return { kind, name, mediaType, size, scaledTo, hash, data, said: bytes === null };
    };
    const typed = await Promise.all(attachments.typed.map(itemOf));
    const sent = await Promise.all(attachments.sent.map(itemOf));
    const isLatest = () => lastWriteIds.get(key) === writeId;
    if (!isLatest()) return;
    if (isHosts) void writeToHost(key, typed, isLatest);
    try {
      storage?.setItem(PREFIX + key, JSON.stringify({ typed, sent }));
    } catch {
      // Storage is full or disabled, so a reload forgets the attachments.
      storage?.removeItem(PREFIX + key);
    }
  }

  async function writeToHost(key: string, typed: Item[], isLatest: () => boolean): Promise<void> {
    if (notes === null) return;
    const name = NOTE + nameOf(key);
    const text = JSON.stringify(typed);
    const isOther = ([id]: [string, string]) =>
      id.startsWith(NOTE) && id !== name && !replaced.includes(id);
    const others = [...(await notes.recall())].filter(isOther);
    const room = others.reduce((rest, [, { length }]) => rest - length, MAX_TOTAL_CHARACTERS);
    if (!isLatest()) return;
    notes.remember(name, typed.length > 0 && text.length <= room ? text : null);
    notes.flush();
    for (const id of replaced) notes.remember(id, null);
    replaced = [];
  }

  return {
    async recall(names) {
      const all = await notes?.recall();
      return names.flatMap((name) => {
        try {
          return itemsIn(JSON.parse(all?.get(NOTE + name) ?? "[]")).map(restore);
        } catch {
          return [];
        }
      });
    },
    replace(names) {
      replaced = names.map((name) => NOTE + name);
    },
    read(key) {
      try {
        const stored: unknown = JSON.parse(storage?.getItem(PREFIX + key) ?? "{}");
        const { typed, sent } = stored as { typed?: unknown; sent?: unknown };
        return { typed: itemsIn(typed).map(restore), sent: itemsIn(sent).map(restore) };
      } catch {
        return { typed: [], sent: [] };
      }
    },
    write(key, all, isHosts = true) {
      const loaded = { typed: all.typed.filter(isRead), sent: all.sent.filter(isRead) };
      const writeId = (lastWriteIds.get(key) ?? 0) + 1;
      lastWriteIds.set(key, writeId);
      if (loaded.typed.length + loaded.sent.length > 0) {
        void put(key, loaded, isHosts, writeId).catch(() => {});
        return;
      }
      // The host may have what this page did not find.
      if (isHosts && !all.typed.some(isLost)) notes?.remember(NOTE + nameOf(key), null);
      try {
        storage?.removeItem(PREFIX + key);
      } catch {
        // Storage is disabled, so there is nothing to remove.
      }
    },
  };
}

const isRead = ({ hash }: DraftAttachment): boolean => hash !== "";

function restore({ data, said: isOnHost, ...item }: Item): DraftAttachment {
  const key = crypto.randomUUID();
  if (isOnHost) return { ...item, key, state: "ready", bytes: null };
  if (data === null) return { ...lostFile(item.name ?? ""), kind: item.kind, size: item.size };
  const bytes = fromBase64(data);
  return { ...item, key, state: "ready", bytes: bytes.slice(0, bytes.size, item.mediaType) };
}

function itemsIn(value: unknown): Item[] {
  return Array.isArray(value) ? value.filter(isItem) : [];
}

function isItem(value: unknown): value is Item {
  const { kind, name, mediaType, size, hash, data } = (value ?? {}) as Partial<Item>;
  return (
    (kind === "image" || kind === "file") &&
    (name === null || typeof name === "string") &&
    typeof mediaType === "string" &&
    typeof size === "number" &&
    typeof hash === "string" &&
    (data === null || typeof data === "string")
  );
}
