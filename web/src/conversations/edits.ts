/** Other versions of what was asked, while they are written. They wait where they are begun. */

import { type AttachmentList, createAttachmentList } from "../attachments/attachmentList";
import { draftAttachmentOf } from "../attachments/draftAttachment";
import { createStore, type ReadonlyStore, type Store } from "../lib/store";
import type { ConversationCore } from "./core";
import { viewOf } from "./message";

export interface Edit {
  readonly draft: Store<string>;
  readonly tray: AttachmentList;
}

/** By the key of the row that is edited. */
export interface Edits extends ReadonlyStore<ReadonlyMap<string, Edit>> {
  /** With what the question says. */
  begin(row: string): void;
  end(row: string): void;
}

export function createEdits({ rows, bytes }: Pick<ConversationCore, "rows" | "bytes">): Edits {
  const store = createStore<ReadonlyMap<string, Edit>>(new Map());
  return {
    get: store.get,
    subscribe: store.subscribe,
    begin(row) {
      const state = rows.get(row)?.get();
      if (state === undefined || store.get().has(row)) return;
      const { text, attachments } = viewOf(state);
      const tray = createAttachmentList(
        (one) => one.bytes !== null && bytes.put(one.hash, one.bytes),
      );
      tray.put(attachments.map(draftAttachmentOf));
      store.set(new Map([...store.get(), [row, { draft: createStore(text), tray }]]));
    },
    end(row) {
      store.set(new Map([...store.get()].filter(([key]) => key !== row)));
    },
  };
}
