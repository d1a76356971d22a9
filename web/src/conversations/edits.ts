/** Edited versions of questions that are not sent yet. Each stays open at its question. */

import { type AttachmentList, createAttachmentList } from "../attachments/attachmentList";
import {
  type DraftAttachment,
  type DraftMessage,
  draftAttachmentOf,
  templateOf,
} from "../attachments/draftAttachment";
import { createStore, type ReadonlyStore, type Store } from "../lib/store";
import { type KeptEdit, kept } from "./drafts";
import { type MessageView, viewOf } from "./message";
import type { MessageStore } from "./messageStore";

export interface Edit {
  /** What it began with. */
  readonly from: DraftMessage;
  readonly draft: Store<string>;
  readonly tray: AttachmentList;
}

/** By the key of the edited row. */
export interface Edits extends ReadonlyStore<ReadonlyMap<string, Edit>> {
  /** Starts to edit with the question's content, or with `written`. Restarting creates a new object. */
  begin(row: string, written?: DraftMessage): void;
  end(row: string): void;
}

export interface OwnEdits extends Edits {
  /** All edits, to be restored after a reload. */
  kept(): readonly KeptEdit[];
  /** Restores the edits whose rows are loaded. */
  restore(edits: readonly KeptEdit[], path: readonly string[]): void;
}

/** `read` gets every attachment that was read; `changed` is called when there is something to store. */
export function createEdits(
  rows: MessageStore,
  read: (attached: DraftAttachment) => void,
  changed: () => void,
): OwnEdits {
  const store = createStore<ReadonlyMap<string, Edit>>(new Map());
  let away: readonly KeptEdit[] = [];

  const idOf = (row: string) => rows.message(row)?.id;

  function begin(row: string, written?: DraftMessage): void {
    const state = rows.get(row)?.get();
    if (state === undefined) return;
    const known = store.get().get(row);
    const edit = known === undefined ? made(written ?? saidIn(viewOf(state))) : { ...known };
    store.set(new Map([...store.get(), [row, edit]]));
  }

  function made(from: DraftMessage): Edit {
    const { text, attached } = from;
    const edit = { from, draft: createStore(text), tray: createAttachmentList(read) };
    edit.tray.put(attached);
    edit.draft.subscribe(changed);
    edit.tray.subscribe(changed);
    return edit;
  }

  store.subscribe(changed);
  return {
    get: store.get,
    subscribe: store.subscribe,
    begin,
    end(row) {
      store.set(new Map([...store.get()].filter(([key]) => key !== row)));
    },
    kept() {
      const here = [...store.get()].map(([row, { from, draft, tray }]) => ({
        messageId: idOf(row) ?? "",
        text: draft.get(),
        attached: tray.get().map(kept),
        untrusted: from.untrusted,
      }));
      return [...here, ...away];
    },
    restore(edits, path) {
      const isNew = ({ messageId }: KeptEdit) => !away.some((one) => one.messageId === messageId);
      const all = [...away, ...edits.filter(isNew)];
      const rowOf = ({ messageId }: KeptEdit) => path.find((row) => idOf(row) === messageId);
      away = all.filter((one) => rowOf(one) === undefined);
      for (const one of all) {
        const row = rowOf(one);
        if (row !== undefined && !store.get().has(row)) begin(row, one);
      }
    },
  };
}

/** What is sent now. Its template stays with the text that it has made. */
export function writtenIn({ from, draft, tray }: Edit): DraftMessage {
  const text = draft.get();
  const { untrusted } = from;
  return { text, attached: tray.get(), untrusted, ...templateOf(from, text) };
}

/** A sent question as a message to send. */
export const saidIn = ({ text, attachments, untrusted, template }: MessageView): DraftMessage => ({
  text,
  attached: attachments.map(draftAttachmentOf),
  untrusted,
  ...(template && { template }),
});
