/** The unsent messages of a conversation: the draft, its attachments and the edits. */
import { type AttachmentList, createAttachmentList } from "../attachments/attachmentList";
import {
  type DraftAttachment,
  type DraftMessage,
  isLost,
  templateOf,
} from "../attachments/draftAttachment";
import type { BlobCache } from "../lib/blobs";
import { createStore, type ReadonlyStore, type Store } from "../lib/store";
import {
  type Draft,
  type Drafts,
  isNoDraft,
  joined,
  NEW_CHAT,
  NO_DRAFT,
  type PendingSend,
  withLost,
} from "./drafts";
import { createEdits, type OwnEdits } from "./edits";
import { type ConversationState, isAsking } from "./machine";
import type { MessageStore } from "./messageStore";

export interface UnsentOptions {
  readonly state: ReadonlyStore<ConversationState>;
  readonly rows: MessageStore;
  readonly drafts: Drafts;
  /** The bytes of all attachments. */
  readonly bytes: BlobCache;
}

export interface Unsent {
  readonly draft: Store<string>;
  /** The attachments of the draft. */
  readonly tray: AttachmentList;
  /** The message that came back last. It has its template as long as its text stays. */
  readonly returned: ReadonlyStore<DraftMessage | null>;
  readonly edits: OwnEdits;
  /** The content of the message box. */
  written(): DraftMessage;
  /** Empties the message box; returns its content. */
  take(): DraftMessage;
  /** Puts a message back into the message box, before the draft. */
  giveBack(written: DraftMessage): void;
  /** Takes exactly this message out of the box again. False if it was changed or is gone. */
  takeBack(written: DraftMessage): boolean;
  /**
   * Call when the messages are loaded: restores a message that was sent before a reload and did not
   * arrive.
   */
  opened(): void;
  /** Fills the message box with the host's copy of the draft, unless something is typed. */
  recall(): Promise<void>;
  /** Whether nothing is typed, attached or queued. */
  isUntouched(): boolean;
  close(): void;
}

export function createUnsent({ state, rows, drafts, bytes }: UnsentOptions): Unsent {
  const keyNow = () => state.get().id ?? NEW_CHAT;
  const taken = drafts.take(keyNow());
  const reloaded = taken ?? NO_DRAFT;
  const attached = drafts.attached.read(keyNow());
  let unsure = reloaded.sent;
  const draft = createStore(joined([...reloaded.queue, reloaded.text]));
  const tray = createAttachmentList(keepBytes);
  const returned = createStore(madeBy(reloaded));
  /**
   * Whether a server wrote some of the text. It holds until the text is sent: what was deleted can come
   * back, by Undo and from the history of prompts.
   */
  let { untrusted } = reloaded;
  const edits = createEdits(rows, keepBytes, () => changed());

  function keepBytes({ hash, bytes: read }: DraftAttachment): void {
    if (read !== null) bytes.put(hash, read);
  }

  /** The turn that the host is asked for, with its message. */
  function sent(): (PendingSend & DraftMessage) | null {
    const { pending } = state.get();
    if (!isAsking(state.get()) || pending?.restore == null || !("written" in pending.retry)) {
      return unsure && { ...unsure, attached: attached.sent };
    }
    const { kind, written } = pending.retry;
    const edited = kind === "edit" ? pending.retry.row : null;
    return {
      ...written,
      inferenceId: pending.restore.run.id,
      edited: edited && (rows.message(edited)?.id ?? null),
    };
  }

  const source = {
    key: keyNow,
    isTemporary: () => state.get().temporary,
    read(): Draft {
      const { queue } = state.get();
      const going = sent();
      return {
        text: draft.get(),
        queue: queue.map((one) => one.text),
        sent: going && pendingSend(going),
        untrusted: untrusted || queue.some((one) => one.untrusted),
        ...templateOf(returned.get(), draft.get()),
        names: namesOf([...queue.map((one) => one.attached), tray.get()].flat()),
        edits: edits.kept(),
      };
    },
  };
  const following = drafts.follow(source);
  /** False as long as the host's copy may replace an untouched draft. */
  let isOurs = taken !== null;

  /** Attachments change seldom and are large, so they are written only after a change. */
  let keptNow: readonly unknown[] = [];
  function changed(isSent = false): void {
    isOurs ||= !isNoDraft(source.read());
    if (!isOurs) return;
    following.changed(isSent);
    const { queue, temporary } = state.get();
    const lists = temporary ? [] : [...queue.map((one) => one.attached), tray.get()];
    const going = temporary ? [] : (sent()?.attached ?? []);
    const now = [keyNow(), going, ...lists].filter((one) => one.length > 0);
    if (now.length === keptNow.length && now.every((one, at) => one === keptNow[at])) return;
    const before = keptNow[0];
    if (typeof before === "string" && before !== keyNow()) {
      drafts.attached.write(before, { typed: [], sent: [] });
    }
    keptNow = now;
    drafts.attached.write(keyNow(), { typed: lists.flat(), sent: going });
  }

  function giveBack(written: DraftMessage): void {
    tray.put(written.attached);
    untrusted ||= written.untrusted;
    // Beside another text it is not what the template made.
    if (draft.get() === "") returned.set(written);
    draft.set(joined([written.text, draft.get()]));
  }

  function settle(left: PendingSend, attached: readonly DraftAttachment[]): void {
    const { messages } = state.get();
    const isHere = (row: string) => rows.message(row)?.inferenceId === left.inferenceId;
    if (messages.some(isHere)) return;
    const edited = messages.find((row) => rows.message(row)?.id === left.edited);
    const { text, untrusted, template } = left;
    const written = { text, attached, untrusted, template };
    if (edited === undefined) giveBack(written);
    else edits.begin(edited, written);
  }

  /** The host may have what did not fit into the tab's storage. */
  async function recallLost(): Promise<void> {
    if (!tray.get().some(isLost)) return;
    const found = [...(await drafts.attached.recall(keyNow()))].filter((one) => !isLost(one));
    for (const { key, name } of tray.get().filter(isLost)) {
      const place = found.findIndex((one) => one.name === name);
      if (place === -1) continue;
      tray.put(found.splice(place, 1));
      tray.remove(key);
    }
  }

  tray.put(withLost(attached.typed, reloaded.names));
  attached.typed.forEach(keepBytes);
  if (state.get().id === null && unsure !== null) {
    // Without an id, the host was never asked for an answer.
    settle(unsure, attached.sent);
    unsure = null;
  }
  edits.restore(reloaded.edits, []);
  if (tray.get().length + attached.sent.length === 0) keptNow = [keyNow()];
  draft.subscribe(() => changed());
  tray.subscribe(() => changed());
  state.subscribe((now, { pending }) => changed(now.pending !== pending && sent() !== null));

  function written(): DraftMessage {
    const text = draft.get();
    return { text, attached: tray.get(), untrusted, ...templateOf(returned.get(), text) };
  }

  return {
    draft,
    tray,
    returned,
    edits,
    written,
    take() {
      const taken = { ...written(), attached: tray.take() };
      untrusted = false;
      returned.set(null);
      draft.set("");
      return taken;
    },
    giveBack,
    takeBack({ text, attached }) {
      const now = draft.get();
      const keys = new Set(tray.get().map(({ key }) => key));
      const isThere = now === text || text === "" || now.startsWith(`${text}\n`);
      if (!isThere || !attached.every(({ key }) => keys.has(key))) return false;
      if (text !== "") draft.set(now.slice(text.length + 1));
      for (const { key } of attached) tray.remove(key);
      return true;
    },
    opened() {
      const left = unsure;
      unsure = null;
      if (left !== null) settle(left, attached.sent);
      edits.restore([], state.get().messages);
      changed();
    },
    async recall() {
      const { id } = state.get();
      const isWanted = () => {
        const { temporary, runs, queue, ...now } = state.get();
        const isFree = tray.get().length + queue.length + runs.size === 0;
        return now.id === id && !temporary && isFree;
      };
      if (taken !== null) return recallLost();
      if (!isWanted()) return;
      const stored = await drafts.recall(keyNow());
      const { text, queue, names, sent: left, edits: kept } = stored;
      const found = await drafts.attached.recall(keyNow());
      if (!isWanted()) return;
      const isTyped = isOurs;
      // The typed text replaces the stored text, but not the attachments.
      tray.put(withLost(found, names));
      if (isTyped) return;
      edits.restore(kept, state.get().messages);
      if (left !== null) settle(left, []);
      untrusted ||= stored.untrusted;
      returned.set(returned.get() ?? madeBy(stored));
      if (queue.length > 0 || text !== "") draft.set(joined([draft.get(), ...queue, text]));
    },
    isUntouched: () =>
      draft.get() === "" && tray.get().length === 0 && state.get().queue.length === 0,
    close: following.close,
  };
}

/** The text that a template made, if the draft is one. */
const madeBy = ({ text, untrusted, template }: Draft): DraftMessage | null =>
  template === undefined ? null : { text, attached: [], untrusted, template };

/** Without the attachments, which are stored apart. */
const pendingSend = ({
  attached: _,
  setUp: __,
  ...sent
}: PendingSend & DraftMessage): PendingSend => sent;

/** Names of the attachments that could be sent; the others are not reported as lost. */
function namesOf(all: readonly DraftAttachment[]): string[] {
  const some = all.filter((one) => {
    const { state, hash } = one;
    return typeof state === "string" || isLost(one) || hash !== "";
  });
  return some.map(({ name }) => name ?? "");
}
