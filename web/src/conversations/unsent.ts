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
  joinTexts,
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
  /** The message that came back last. It keeps its template while its text is unchanged. */
  readonly returned: ReadonlyStore<DraftMessage | null>;
  readonly edits: OwnEdits;
  /** The content of the message box. */
  written(): DraftMessage;
  /** Empties the message box; returns its content. */
  take(): DraftMessage;
  /** Puts a message back into the message box, before the draft. */
  giveBack(written: DraftMessage): void;
  /** Removes exactly this message from the box again. False if it was changed or is gone. */
  removeFromBox(written: DraftMessage): boolean;
  /** Call once the messages are loaded: restores one sent before a reload that did not arrive. */
  onLoaded(): void;
  /** Gets the host's copy of the draft, once; it comes before what is typed already. Never rejects. */
  recall(): Promise<void>;
  /** Whether nothing is typed, attached or queued. */
  isUntouched(): boolean;
  close(): void;
}

export function createUnsent({ state, rows, drafts, bytes }: UnsentOptions): Unsent {
  const keyNow = () => state.get().id ?? NEW_CHAT;
  const tabDraft = drafts.take(keyNow());
  const reloaded = tabDraft ?? NO_DRAFT;
  const storedAttachments = drafts.attached.read(keyNow());
  let unconfirmedSend: (PendingSend & DraftMessage) | null = reloaded.sent && {
    ...reloaded.sent,
    attached: storedAttachments.sent,
  };
  /** What was put back into the box. The host may be slow, and ask it later. */
  let putBack: typeof unconfirmedSend = null;
  const draft = createStore(joinTexts([...reloaded.queue, reloaded.text]));
  const tray = createAttachmentList(keepBytes);
  const returned = createStore(madeBy(reloaded));
  /**
   * Whether a server wrote some of the text. It holds until the text is sent: what was deleted can come
   * back, by Undo and from the history of prompts.
   */
  let { untrusted } = reloaded;
  const edits = createEdits(rows, keepBytes, () => save());

  function keepBytes({ hash, bytes: read }: DraftAttachment): void {
    if (read !== null) bytes.put(hash, read);
  }

  /** The pending turn, with its message. */
  function pendingMessage(): (PendingSend & DraftMessage) | null {
    const { pending } = state.get();
    if (!isAsking(state.get()) || pending?.restore == null || !("written" in pending.retry)) {
      return unconfirmedSend;
    }
    const { kind, written } = pending.retry;
    const edited = kind === "edit" ? pending.retry.row : null;
    return {
      ...written,
      inferenceId: pending.restore.run.id,
      edited: edited && (rows.message(edited)?.id ?? null),
    };
  }

  const attachedNow = () => [...state.get().queue.map(({ attached }) => attached), tray.get()];

  function snapshot(): Draft {
    const { queue } = state.get();
    const pending = pendingMessage();
    return {
      text: draft.get(),
      queue: queue.map((message) => message.text),
      sent: pending && pendingSend(pending),
      untrusted: untrusted || queue.some((message) => message.untrusted),
      ...templateOf(returned.get(), draft.get()),
      names: namesOf(attachedNow().flat()),
      edits: edits.snapshot(),
      ...(!isRecalled && { isPartial: true }),
    };
  }

  /** False as long as nothing was written here: the host's copy may come from another window. */
  let isOurs = !isNoDraft(reloaded);
  /** Whether the host's copy was read. Until then nothing is stored: it would replace that copy. */
  let isRecalled = tabDraft !== null && !tabDraft.isPartial;
  const subscription = drafts.follow({
    key: keyNow,
    isTemporary: () => state.get().temporary,
    // An empty draft that was ours stays: the host may not have deleted yet what was sent.
    read: () => (isOurs || tabDraft !== null ? snapshot() : null),
  });

  /** Attachments change seldom and are large, so they are written only after a change. */
  let savedLists: readonly unknown[] = [];
  function save(isSent = false): void {
    isOurs ||= !isNoDraft(snapshot());
    if (!isOurs) return;
    if (isRecalled) subscription.onChange(isSent);
    else void recall();
    const { temporary } = state.get();
    const lists = temporary ? [] : attachedNow();
    const pendingAttachments = temporary ? [] : (pendingMessage()?.attached ?? []);
    const current = [keyNow(), pendingAttachments, ...lists].filter((item) => item.length > 0);
    const isChanged = current.some((item, at) => item !== savedLists[at]);
    if (!isChanged && current.length === savedLists.length) return;
    const before = savedLists[0];
    if (typeof before === "string" && before !== keyNow()) {
      drafts.attached.write(before, { typed: [], sent: [] });
    }
    savedLists = current;
    drafts.attached.write(keyNow(), { typed: lists.flat(), sent: pendingAttachments }, isRecalled);
  }

  function giveBack(written: DraftMessage): void {
    tray.put(written.attached);
    untrusted ||= written.untrusted;
    // Joined with another text, it is no longer the template's text.
    if (draft.get() === "") returned.set(written.template === undefined ? null : written);
    draft.set(joinTexts([written.text, draft.get()]));
  }

  /** Restores a message that did not arrive. */
  function restoreUnconfirmed(): void {
    if (unconfirmedSend === null) return;
    const send = unconfirmedSend;
    const { inferenceId: _, edited, ...written } = send;
    unconfirmedSend = null;
    if (isAsked(send)) return;
    const row = state.get().messages.find((row) => rows.message(row)?.id === edited);
    if (row === undefined) {
      giveBack(written);
      putBack = send;
    } else edits.begin(row, written);
  }

  const isAsked = ({ inferenceId }: PendingSend): boolean =>
    state.get().messages.some((row) => rows.message(row)?.inferenceId === inferenceId);

  /** Removes exactly this message from the box. False if it was changed or is gone. */
  function removeFromBox({ text, attached }: DraftMessage): boolean {
    const now = draft.get();
    const keys = new Set(tray.get().map(({ key }) => key));
    const isThere = now === text || text === "" || now.startsWith(`${text}\n`);
    if (!isThere || !attached.every(({ key }) => keys.has(key))) return false;
    const rest = text === "" ? now : now.slice(text.length + 1);
    // All of the box is sent with it, as by `take`.
    if (rest === "") untrusted = false;
    draft.set(rest);
    for (const { key } of attached) tray.remove(key);
    return true;
  }

  /** Restores from the host the attachments that did not fit into the tab's storage. */
  async function recallLost(): Promise<void> {
    if (!tray.get().some(isLost)) return;
    const found = (await drafts.recall(keyNow())).attached.filter((item) => !isLost(item));
    for (const { key, name } of tray.get().filter(isLost)) {
      const place = found.findIndex((attachment) => attachment.name === name);
      if (place === -1) continue;
      tray.put(found.splice(place, 1));
      tray.remove(key);
    }
  }

  let recalling: Promise<void> | null = null;

  function recall(): Promise<void> {
    if (isRecalled) return recallLost();
    recalling ??= recallDraft().finally(() => {
      recalling = null;
    });
    return recalling;
  }

  async function recallDraft(): Promise<void> {
    const key = keyNow();
    if (state.get().temporary) return;
    const { draft: stored, attached: found, settle } = await drafts.recall(key);
    const { phase, messages, temporary } = state.get();
    if (isRecalled || temporary) return;
    isRecalled = true;
    // This page may have stored its own attachments in the meantime.
    const own = [...attachedNow(), pendingMessage()?.attached ?? []].flat();
    const isNew = ({ hash }: DraftAttachment) => !own.some((item) => hash && item.hash === hash);
    const attached = withLost(found, stored.names).filter(isNew);
    const text = joinTexts([...stored.queue, stored.text]);
    const { untrusted, template } = stored;
    if (text !== "" || attached.length > 0) giveBack({ text, attached, untrusted, template });
    unconfirmedSend ??= stored.sent && { ...stored.sent, attached: [] };
    edits.restore(stored.edits, messages);
    if (phase === "new" || phase === "open") restoreUnconfirmed();
    if (savedLists.length > 1) savedLists = []; // the host has not received them yet
    save();
    settle();
  }

  tray.put(withLost(storedAttachments.typed, reloaded.names));
  storedAttachments.typed.forEach(keepBytes);
  // Without an id, the host was never asked for an answer.
  if (state.get().id === null) restoreUnconfirmed();
  edits.restore(reloaded.edits, []);
  if (tray.get().length + storedAttachments.sent.length === 0) savedLists = [keyNow()];
  draft.subscribe(() => save());
  tray.subscribe(() => save());
  state.subscribe((now, { pending }) => {
    if (putBack !== null && isAsked(putBack)) {
      removeFromBox(putBack);
      putBack = null;
    }
    save(now.pending !== pending && pendingMessage() !== null);
  });

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
      const message = { ...written(), attached: tray.take() };
      untrusted = false;
      returned.set(null);
      draft.set("");
      return message;
    },
    giveBack,
    removeFromBox,
    onLoaded() {
      restoreUnconfirmed();
      edits.restore([], state.get().messages);
      save();
    },
    recall,
    isUntouched: () =>
      draft.get() === "" && tray.get().length === 0 && state.get().queue.length === 0,
    close() {
      subscription.close();
      // A copy that arrives later is for whatever opens this conversation next.
      isRecalled = true;
    },
  };
}

/** The text that a template made, if the draft is one. */
const madeBy = ({ text, untrusted, template }: Draft): DraftMessage | null =>
  template === undefined ? null : { text, attached: [], untrusted, template };

/** Without the attachments, which are stored apart. */
const pendingSend = ({ attached: _, setUp: __, ...send }: PendingSend & DraftMessage) => send;

/** Names of the attachments that could be sent; the others are not reported as lost. */
function namesOf(all: readonly DraftAttachment[]): string[] {
  const sendable = all.filter((attachment) => {
    const { state, hash } = attachment;
    return typeof state === "string" || isLost(attachment) || hash !== "";
  });
  return sendable.map(({ name }) => name ?? "");
}
