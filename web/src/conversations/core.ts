/** What history and turns share in one open conversation. */

import { type AttachmentList, createAttachmentList } from "../attachments/attachmentList";
import type { DraftAttachment, DraftMessage } from "../attachments/draftAttachment";
import type { BlobCache } from "../lib/blobs";
import { createStore, type Store } from "../lib/store";
import { attachRun, type Run } from "../llm/run";
import { hasEnded } from "../llm/runReducer";
import { type Drafts, joined, NEW_CHAT, NO_DRAFT, type PendingSend, withLost } from "./drafts";
import type { HostPort } from "./hostPort";
import { createMessageStore, type MessageStore, type MessagesByKey } from "./messageStore";
import { beginState, type ConversationState } from "./state";

export interface ConversationCore {
  readonly host: HostPort;
  readonly store: Store<ConversationState>;
  readonly rows: MessageStore;
  readonly draft: Store<string>;
  /** What goes with the draft. */
  readonly tray: AttachmentList;
  /** Of everything that is attached to something. */
  readonly bytes: BlobCache;
  /** What was sent before a reload, and may not have arrived. */
  readonly unsure: PendingTurn | null;
  /** What is on its way to the host. */
  sent: PendingTurn | null;
  /** What is tried again after a refusal; null for the text that is back in the box. */
  again: (() => void) | null;
  /** How many calls are under way that change what is shown. */
  acting: number;
  /** All messages on all branches, as far as this page knows. */
  count: number;
  change(part: Partial<ConversationState>): void;
  isBusy(): boolean;
  /** Everything that is written, which leaves the box empty. */
  takeWritten(): DraftMessage;
  /** Put something before what is in the box. */
  giveBack(written: DraftMessage): void;
  keepDraft(): void;
  /** Nothing typed into it is waiting any more. */
  forgetDraft(key: string): void;
  /** This run is the conversation's now. */
  follow(run: Run): Run;
}

/** A message that was sent, with what goes with it. */
export interface PendingTurn extends PendingSend, DraftMessage {}

export interface CoreOptions {
  readonly id: string | null;
  readonly host: HostPort;
  readonly rows: MessagesByKey;
  readonly drafts: Drafts;
  readonly bytes: BlobCache;
}

/** `ended` is told of every end of the conversation's own run. */
export function createCore(options: CoreOptions, ended: (run: Run) => void): ConversationCore {
  const { id, host, drafts, bytes } = options;
  const kept = drafts.read(id ?? NEW_CHAT);
  const attached = drafts.attached.read(id ?? NEW_CHAT);
  const store = createStore(beginState(id));
  const core: ConversationCore = {
    host,
    store,
    rows: createMessageStore(options.rows, (inferenceId) =>
      core.follow(attachRun(host.llm, inferenceId)),
    ),
    draft: createStore(joined([...kept.queue, kept.text])),
    tray: createAttachmentList(keepBytes),
    bytes,
    unsure: kept.sent === null ? null : { ...kept.sent, attached: attached.sent },
    sent: null,
    again: null,
    acting: 0,
    count: 0,
    change: (part) => store.set({ ...store.get(), ...part }),
    isBusy() {
      const { run } = store.get();
      return run !== null && !hasEnded(run.get());
    },
    takeWritten() {
      const written = { text: core.draft.get(), attached: core.tray.take() };
      core.draft.set("");
      return written;
    },
    giveBack({ text, attached }) {
      core.tray.put(attached);
      core.draft.set(joined([text, core.draft.get()]));
    },
    keepDraft() {
      const { id, temporary, queue } = store.get();
      if (temporary) return; // no trace of it, not even of what was never sent
      const { sent } = core;
      drafts.write(id ?? NEW_CHAT, {
        text: core.draft.get(),
        queue: queue.map(({ text }) => text),
        sent: sent && { inferenceId: sent.inferenceId, text: sent.text },
        names: namesOf([...queue.map((one) => one.attached), core.tray.get()].flat()),
      });
      keepAttached();
    },
    forgetDraft(key) {
      keptNow = [];
      drafts.write(key, NO_DRAFT);
      drafts.attached.write(key, { typed: [], sent: [] });
    },
    follow(run) {
      core.change({ run });
      void run.result.then(() => ended(run));
      return run;
    },
  };

  function keepBytes({ hash, bytes: read }: DraftAttachment): void {
    if (read !== null) bytes.put(hash, read);
  }

  /** What is attached changes seldom, and is much: it is not written at every letter. */
  let keptNow: readonly unknown[] = [];
  function keepAttached(): void {
    const { id, queue } = store.get();
    const key = id ?? NEW_CHAT;
    const sent = core.sent?.attached ?? [];
    const lists = [...queue.map((one) => one.attached), core.tray.get()];
    const now = [key, sent, ...lists].filter((one) => one.length > 0);
    if (now.length === keptNow.length && now.every((one, at) => one === keptNow[at])) return;
    keptNow = now;
    drafts.attached.write(key, { typed: lists.flat(), sent });
  }

  core.tray.put(withLost(attached.typed, kept.names));
  attached.typed.forEach(keepBytes);
  core.draft.subscribe(core.keepDraft);
  core.tray.subscribe(core.keepDraft);
  // Nobody can say whether it was taken before there was an id to ask for.
  if (core.unsure !== null && id === null) core.giveBack(core.unsure);
  return core;
}

/** Of what somebody may want to send; what never could be sent is not missed. */
function namesOf(all: readonly DraftAttachment[]): string[] {
  const some = all.filter(({ state, hash }) => {
    return typeof state === "string" || state.code === "lost" || hash !== "";
  });
  return some.map(({ name }) => name ?? "");
}
