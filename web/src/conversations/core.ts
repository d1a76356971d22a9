/** Ground: what reading and saying share in one open conversation. */

import { createTray, type Tray } from "../attachments/attachmentList";
import { type Attached, lost, type Written } from "../attachments/draftAttachment";
import type { Bytes } from "../lib/blobs";
import { createStore, type Store } from "../lib/store";
import { attachRun, type Run } from "../llm/run";
import { hasEnded } from "../llm/runReducer";
import { type Drafts, joined, NEW_CHAT, NO_DRAFT, type Sent } from "./drafts";
import type { Host } from "./hostPort";
import { type AllRows, createRows, type Rows } from "./messageStore";
import { beginState, type ConversationState } from "./state";

export interface Ground {
  readonly host: Host;
  readonly store: Store<ConversationState>;
  readonly rows: Rows;
  readonly draft: Store<string>;
  /** What goes with the draft. */
  readonly tray: Tray;
  /** Of everything that is attached to something. */
  readonly bytes: Bytes;
  /** What was sent before a reload, and may not have arrived. */
  readonly unsure: Underway | null;
  /** What is on its way to the host. */
  sent: Underway | null;
  /** What is tried again after a refusal; null for the text that is back in the box. */
  again: (() => void) | null;
  /** How many calls are under way that change what is shown. */
  acting: number;
  /** All messages on all branches, as far as this page knows. */
  count: number;
  change(part: Partial<ConversationState>): void;
  isBusy(): boolean;
  /** Everything that is written, which leaves the box empty. */
  takeWritten(): Written;
  /** Put something before what is in the box. */
  giveBack(written: Written): void;
  keepDraft(): void;
  /** Nothing typed into it is waiting any more. */
  forgetDraft(key: string): void;
  /** This run is the conversation's now. */
  follow(run: Run): Run;
}

/** A message that was sent, with what goes with it. */
export interface Underway extends Sent, Written {}

export interface GroundOptions {
  readonly id: string | null;
  readonly host: Host;
  readonly rows: AllRows;
  readonly drafts: Drafts;
  readonly bytes: Bytes;
}

/** `ended` is told of every end of the conversation's own run. */
export function createGround(options: GroundOptions, ended: (run: Run) => void): Ground {
  const { id, host, drafts, bytes } = options;
  const kept = drafts.read(id ?? NEW_CHAT);
  const attached = drafts.attached.read(id ?? NEW_CHAT);
  const store = createStore(beginState(id));
  const ground: Ground = {
    host,
    store,
    rows: createRows(options.rows, (inferenceId) =>
      ground.follow(attachRun(host.llm, inferenceId)),
    ),
    draft: createStore(joined([...kept.queue, kept.text])),
    tray: createTray(keepBytes),
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
      const written = { text: ground.draft.get(), attached: ground.tray.take() };
      ground.draft.set("");
      return written;
    },
    giveBack({ text, attached }) {
      ground.tray.put(attached);
      ground.draft.set(joined([text, ground.draft.get()]));
    },
    keepDraft() {
      const { id, temporary, queue } = store.get();
      if (temporary) return; // no trace of it, not even of what was never sent
      const { sent } = ground;
      drafts.write(id ?? NEW_CHAT, {
        text: ground.draft.get(),
        queue: queue.map(({ text }) => text),
        sent: sent && { inferenceId: sent.inferenceId, text: sent.text },
        names: namesOf([...queue.map((one) => one.attached), ground.tray.get()].flat()),
      });
      keepAttached();
    },
    forgetDraft(key) {
      keptNow = [];
      drafts.write(key, NO_DRAFT);
      drafts.attached.write(key, { typed: [], sent: [] });
    },
    follow(run) {
      ground.change({ run });
      void run.result.then(() => ended(run));
      return run;
    },
  };

  function keepBytes({ hash, bytes: read }: Attached): void {
    if (read !== null) bytes.put(hash, read);
  }

  /** What is attached changes seldom, and is much: it is not written at every letter. */
  let keptNow: readonly unknown[] = [];
  function keepAttached(): void {
    const { id, queue } = store.get();
    const key = id ?? NEW_CHAT;
    const sent = ground.sent?.attached ?? [];
    const lists = [...queue.map((one) => one.attached), ground.tray.get()];
    const now = [key, sent, ...lists].filter((one) => one.length > 0);
    if (now.length === keptNow.length && now.every((one, at) => one === keptNow[at])) return;
    keptNow = now;
    drafts.attached.write(key, { typed: lists.flat(), sent });
  }

  const found = namesOf(attached.typed);
  ground.tray.put([
    ...attached.typed,
    ...kept.names.filter((name) => !found.includes(name)).map(lost),
  ]);
  attached.typed.forEach(keepBytes);
  ground.draft.subscribe(ground.keepDraft);
  ground.tray.subscribe(ground.keepDraft);
  // Nobody can say whether it was taken before there was an id to ask for.
  if (ground.unsure !== null && id === null) ground.giveBack(ground.unsure);
  return ground;
}

/** Of what somebody may want to send; what never could be sent is not missed. */
function namesOf(all: readonly Attached[]): string[] {
  const some = all.filter(({ state, hash }) => {
    return typeof state === "string" || state.code === "lost" || hash !== "";
  });
  return some.map(({ name }) => name ?? "");
}
