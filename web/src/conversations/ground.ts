/** Ground: what reading and saying share in one open conversation. */
import { hasEnded } from "../llm/reduce";
import { attachRun, type Run } from "../llm/run";
import { createStore, type Store } from "../llm/store";
import { type Drafts, joined, NEW_CHAT, type Sent } from "./drafts";
import type { Host } from "./host";
import { type AllRows, createRows, type Rows } from "./rows";
import { beginState, type ConversationState } from "./state";

export interface Ground {
  readonly host: Host;
  readonly store: Store<ConversationState>;
  readonly rows: Rows;
  readonly draft: Store<string>;
  /** What was sent before a reload, and may not have arrived. */
  readonly unsure: Sent | null;
  /** What is on its way to the host. */
  sent: Sent | null;
  /** What is tried again after a refusal; null for the text that is back in the box. */
  again: (() => void) | null;
  /** How many calls are under way that change what is shown. */
  acting: number;
  /** All messages on all branches, as far as this page knows. */
  count: number;
  change(part: Partial<ConversationState>): void;
  isBusy(): boolean;
  /** Put a text before what is in the box. */
  giveBack(text: string): void;
  keepDraft(): void;
  /** Nothing typed into it is waiting any more. */
  forgetDraft(key: string): void;
  /** This run is the conversation's now. */
  follow(run: Run): Run;
}

export interface GroundOptions {
  readonly id: string | null;
  readonly host: Host;
  readonly rows: AllRows;
  readonly drafts: Drafts;
}

/** `ended` is told of every end of the conversation's own run. */
export function createGround(options: GroundOptions, ended: (run: Run) => void): Ground {
  const { id, host, drafts } = options;
  const kept = drafts.read(id ?? NEW_CHAT);
  const store = createStore(beginState(id));
  const ground: Ground = {
    host,
    store,
    rows: createRows(options.rows, (inferenceId) =>
      ground.follow(attachRun(host.llm, inferenceId)),
    ),
    draft: createStore(joined([...kept.queue, kept.text])),
    unsure: kept.sent,
    sent: null,
    again: null,
    acting: 0,
    count: 0,
    change: (part) => store.set({ ...store.get(), ...part }),
    isBusy() {
      const { run } = store.get();
      return run !== null && !hasEnded(run.get());
    },
    giveBack: (text) => ground.draft.set(joined([text, ground.draft.get()])),
    keepDraft() {
      const { id, temporary, queue } = store.get();
      if (temporary) return; // no trace of it, not even of what was never sent
      drafts.write(id ?? NEW_CHAT, { text: ground.draft.get(), queue, sent: ground.sent });
    },
    forgetDraft: (key) => drafts.write(key, { text: "", queue: [], sent: null }),
    follow(run) {
      ground.change({ run });
      void run.result.then(() => ended(run));
      return run;
    },
  };
  ground.draft.subscribe(ground.keepDraft);
  // Nobody can say whether it was taken before there was an id to ask for.
  if (kept.sent !== null && id === null) ground.giveBack(kept.sent.text);
  return ground;
}
