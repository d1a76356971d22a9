/** Edited versions of questions that are not sent yet. Each stays open at its question. */

import { type AttachmentList, createAttachmentList } from "../attachments/attachmentList";
import {
  type DraftAttachment,
  type DraftMessage,
  draftAttachmentOf,
  templateOf,
} from "../attachments/draftAttachment";
import { createStore, type ReadonlyStore, type Store } from "../lib/store";
import { joinTexts, type StoredEdit, storableAttachment } from "./drafts";
import { type MessageView, viewOf } from "./message";
import type { MessageStore } from "./messageStore";

export interface Edit {
  /** The content at the start of the edit. */
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
  snapshot(): readonly StoredEdit[];
  /** Restores the edits whose rows are loaded. */
  restore(edits: readonly StoredEdit[], path: readonly string[]): void;
}

/** `onRead` receives each attachment read; `onChange` is called if there is something to store. */
export function createEdits(
  rows: MessageStore,
  onRead: (attached: DraftAttachment) => void,
  onChange: () => void,
): OwnEdits {
  const store = createStore<ReadonlyMap<string, Edit>>(new Map());
  let unloaded: readonly StoredEdit[] = [];

  const idOf = (row: string) => rows.message(row)?.id;

  function begin(row: string, written?: DraftMessage): void {
    const state = rows.get(row)?.get();
    if (state === undefined) return;
    const known = store.get().get(row);
    const edit = known ? { ...known } : createEdit(written ?? toDraftMessage(viewOf(state)));
    store.set(new Map([...store.get(), [row, edit]]));
  }

  function createEdit(from: DraftMessage): Edit {
    const { text, attached } = from;
    const edit = { from, draft: createStore(text), tray: createAttachmentList(onRead) };
    edit.tray.put(attached);
    edit.draft.subscribe(onChange);
    edit.tray.subscribe(onChange);
    return edit;
  }

  store.subscribe(onChange);
  return {
    get: store.get,
    subscribe: store.subscribe,
    begin,
    end(row) {
      store.set(new Map([...store.get()].filter(([key]) => key !== row)));
    },
    snapshot() {
      const here = [...store.get()].map(([row, { from, draft, tray }]) => ({
        messageId: idOf(row) ?? "",
        text: draft.get(),
        attached: tray.get().map(storableAttachment),
        untrusted: from.untrusted,
      }));
      return [...here, ...unloaded];
    },
    restore(edits, path) {
      const all = [...unloaded, ...edits];
      const rowOf = ({ messageId }: StoredEdit) => path.find((row) => idOf(row) === messageId);
      unloaded = all.filter((edit) => rowOf(edit) === undefined);
      for (const edit of all) {
        const row = rowOf(edit);
        const open = store.get().get(row ?? "");
        // The question was edited anew before this edit was read: both are kept.
        if (open !== undefined) open.draft.set(joinTexts([edit.text, open.draft.get()]));
        else if (row !== undefined) begin(row, edit);
      }
    },
  };
}

/** The message that would be sent now. It keeps its template while its text is unchanged. */
export function editedMessage({ from, draft, tray }: Edit): DraftMessage {
  const text = draft.get();
  const { untrusted } = from;
  return { text, attached: tray.get(), untrusted, ...templateOf(from, text) };
}

/** A sent question as a message to send. */
export const toDraftMessage = ({ text, attachments, untrusted, template }: MessageView) => ({
  text,
  attached: attachments.map(draftAttachmentOf),
  untrusted,
  ...(template && { template }),
});
