/**
 * An open conversation as a state machine, without the host and without React: `docs/conversation.md`
 * has its table. `CHANGES` has what each event changes, and `PHASES` the phase that follows.
 */
import type { DraftMessage } from "../attachments/draftAttachment";
import type { BudgetRaise, Failure } from "../bridge/contract";
import type { Run } from "../llm/run";

export interface ModelRef {
  readonly providerId: string;
  readonly modelId: string;
}

/**
 * `new`: the host does not know it. `opening`: its messages are being fetched. `failed`: they could
 * not be fetched. `gone`: the host no longer has it.
 */
export type Phase = "new" | "opening" | "failed" | "open" | "gone";

/** Fetches messages; safe to repeat. */
export type Read =
  | { readonly kind: "open" | "refresh" | "earlier" }
  /** `isTarget`: scroll the message into view. */
  | { readonly kind: "choose"; readonly messageId: string; readonly isTarget: boolean };

/** Asks for an answer; rows are the page's keys of messages. */
export type Turn =
  | { readonly kind: "send"; readonly written: DraftMessage }
  | { readonly kind: "edit"; readonly row: string; readonly written: DraftMessage }
  | { readonly kind: "regenerate"; readonly row: string }
  /** `more` raises the budget at which the answer has stopped. */
  | { readonly kind: "continue"; readonly row: string; readonly more?: BudgetRaise | undefined };

/** A turn that the host has not accepted yet, or any call that it refused. */
export interface Pending {
  /** The action of Retry. */
  readonly retry: Read | Turn;
  /** The state to restore if the host refuses. Null for a read, which changes nothing. */
  readonly restore: Restore | null;
  /** Null while the host is being asked. */
  readonly failure: Failure | null;
}

export interface Restore {
  readonly run: Run;
  /** The first row that the turn shows in place of `tail`. */
  readonly first: string;
  readonly tail: readonly string[];
}

export interface ConversationState {
  readonly phase: Phase;
  readonly pending: Pending | null;
  /** The host's id; null while it is new. */
  readonly id: string | null;
  readonly temporary: boolean;
  /** The rows of the chosen path, by the keys that `useMessage` takes. */
  readonly messages: readonly string[];
  /** The number of earlier messages on the path that are not loaded. */
  readonly earlier: number;
  /** The number of messages on all branches, as far as this page knows. */
  readonly count: number;
  /** The answers that are being written, by row. */
  readonly runs: ReadonlyMap<string, Run>;
  /** The last run to start; it may have ended. */
  readonly run: Run | null;
  /** The model chosen for the next answers; null for the one that answered before. */
  readonly by: ModelRef | null;
  /** The model that answered last. */
  readonly answeredBy: ModelRef | null;
  /** Messages to send one after the other as soon as possible. */
  readonly queue: readonly DraftMessage[];
  /** The message to scroll to; a new object for every request. */
  readonly target: { readonly key: string } | null;
}

export type ConversationEvent =
  | { readonly type: "reopened" }
  | ({ readonly type: "shown"; readonly call: Read } & Pick<
      ConversationState,
      "messages" | "earlier" | "count" | "answeredBy"
    >)
  | ({ readonly type: "extended"; readonly call: Read } & Pick<
      ConversationState,
      "messages" | "earlier"
    >)
  | { readonly type: "missing" }
  | {
      readonly type: "began";
      readonly turn: Turn;
      readonly restore: Restore;
      readonly messages: readonly string[];
    }
  | { readonly type: "named"; readonly id: string }
  | { readonly type: "accepted"; readonly added: number; readonly by: ModelRef | null }
  | { readonly type: "refused"; readonly call: Read | Turn; readonly failure: Failure }
  | { readonly type: "emptied" }
  | { readonly type: "attached"; readonly row: string; readonly run: Run }
  | { readonly type: "ended"; readonly run: Run }
  | { readonly type: "queued"; readonly written: DraftMessage }
  | { readonly type: "dequeued" }
  | { readonly type: "unqueued" }
  | { readonly type: "dismissed" }
  | { readonly type: "targeted"; readonly key: string }
  | { readonly type: "left"; readonly most: number }
  | {
      readonly type: "changed";
      readonly part: Pick<Partial<ConversationState>, "by" | "temporary">;
    };

type Of<T extends ConversationEvent["type"]> = Extract<ConversationEvent, { type: T }>;

/** The phase after an event. An event that has no entry is ignored in that phase. */
export const PHASES: {
  readonly [P in Phase]: { readonly [T in ConversationEvent["type"]]?: Phase };
} = {
  new: {
    ...stay("new", "began", "accepted", "refused", "attached", "ended", "queued", "dequeued"),
    ...stay("new", "unqueued", "dismissed", "changed"),
    named: "open",
  },
  opening: {
    ...stay("opening", "attached", "ended", "queued", "unqueued", "dismissed", "left", "changed"),
    shown: "open",
    missing: "gone",
    refused: "failed",
  },
  failed: {
    ...stay("failed", "ended", "queued", "unqueued", "dismissed", "left", "changed"),
    reopened: "opening",
  },
  open: {
    ...stay("open", "shown", "extended", "began", "accepted", "refused", "attached", "ended"),
    ...stay("open", "queued", "dequeued", "unqueued", "dismissed", "targeted", "left", "changed"),
    missing: "gone",
    emptied: "new",
  },
  gone: {
    ...stay("gone", "ended", "unqueued", "dismissed", "left", "changed"),
    reopened: "opening",
  },
};

function stay<P extends Phase, T extends ConversationEvent["type"]>(phase: P, ...types: T[]) {
  return Object.fromEntries(types.map((type) => [type, phase])) as Record<T, P>;
}

type Part = Partial<ConversationState>;

/** What an event changes besides the phase. */
const CHANGES: {
  readonly [T in ConversationEvent["type"]]: (state: ConversationState, event: Of<T>) => Part;
} = {
  reopened: () => ({ pending: null }),
  shown: ({ pending }, { call, messages, earlier, count, answeredBy }) => ({
    pending: withoutRefusal(pending, call),
    messages,
    earlier,
    count,
    ...(answeredBy && { answeredBy }),
  }),
  extended: ({ pending, ...old }, { call, messages, earlier }) => ({
    pending: withoutRefusal(pending, call),
    messages: [...messages, ...old.messages],
    earlier,
  }),
  missing: () => ({}),
  began: ({ runs }, { turn, restore, messages }) => ({
    pending: { retry: turn, restore, failure: null },
    messages,
    runs: new Map([...runs, [messages.at(-1) ?? "", restore.run]]),
    run: restore.run,
    target: null,
  }),
  named: (_, { id }) => ({ id }),
  accepted: ({ count, answeredBy }, { added, by }) => ({
    pending: null,
    count: count + added,
    answeredBy: by ?? answeredBy,
  }),
  refused: (state, { call, failure }) => {
    const { pending } = state;
    const refused = { pending: { retry: call, restore: null, failure } };
    // A background read must not hide a refusal that the person has yet to read.
    if (pending?.retry !== call) return pending === null || call.kind === "open" ? refused : {};
    return { ...refused, ...(pending.restore && stateBefore(state, pending.restore)) };
  },
  emptied: () => ({ id: null, answeredBy: null }),
  attached: ({ runs }, { row, run }) => ({ runs: new Map([...runs, [row, run]]), run }),
  ended: ({ runs }, { run }) => ({ runs: new Map([...runs].filter(([, other]) => other !== run)) }),
  queued: ({ queue }, { written }) => ({ queue: [...queue, written] }),
  dequeued: ({ queue }) => ({ queue: queue.slice(1) }),
  unqueued: () => ({ queue: [] }),
  dismissed: ({ pending }) => ({ pending: pending?.failure == null ? pending : null }),
  targeted: (_, { key }) => ({ target: { key } }),
  left: ({ messages, earlier }, { most }) => {
    const spare = Math.max(0, messages.length - most);
    return { messages: messages.slice(spare), earlier: earlier + spare, target: null };
  },
  changed: (_, { part }) => part,
};

/** A read that succeeds ends the refusal of an earlier one of its kind. */
function withoutRefusal(pending: Pending | null, { kind }: Read): Pending | null {
  return pending?.failure != null && pending.retry.kind === kind ? null : pending;
}

/** The path as it was before the turn, plus earlier messages fetched in the meantime. */
function stateBefore({ messages, runs, run }: ConversationState, restore: Restore): Part {
  const place = messages.indexOf(restore.first);
  return {
    messages: place === -1 ? messages : [...messages.slice(0, place), ...restore.tail],
    runs: new Map([...runs].filter(([, other]) => other !== restore.run)),
    run: run === restore.run ? null : run,
  };
}

export function reduce(state: ConversationState, event: ConversationEvent): ConversationState {
  const phase = PHASES[state.phase][event.type];
  if (phase === undefined) return state;
  const change = CHANGES[event.type] as (s: ConversationState, e: ConversationEvent) => Part;
  return { ...state, ...change(state, event), phase };
}

export function initialState(id: string | null): ConversationState {
  return {
    phase: id === null ? "new" : "opening",
    pending: null,
    id,
    temporary: id?.startsWith("tmp-") ?? false,
    messages: [],
    earlier: 0,
    count: 0,
    runs: new Map(),
    run: null,
    by: null,
    answeredBy: null,
    queue: [],
    target: null,
  };
}

/** Whether the host is being asked for an answer. */
export const isAsking = ({ pending }: ConversationState): boolean =>
  pending !== null && pending.failure === null;

/** Whether an answer is requested or being written, so that no other can start. */
export const isBusy = (state: ConversationState): boolean => state.runs.size > 0 || isAsking(state);
