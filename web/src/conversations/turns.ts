/** Shows a turn before the host has accepted it, and sends its request to the host. */
import type { DraftMessage } from "../attachments/draftAttachment";
import { contentOf, shownContent } from "../attachments/messageContent";
import type { Preview, SendReply, SendRequest, StoredMessage } from "../bridge/contract";
import type { BlobCache } from "../lib/blobs";
import type { AnswerChoice } from "./answerOptions";
import { type HostPort, sendSurely } from "./hostPort";
import type { ConversationState, ModelRef, Turn } from "./machine";
import { answerSoFar, type MessageState } from "./message";
import type { MessageStore } from "./messageStore";

/** The number of messages to fetch when a conversation is opened. */
export const FIRST_PAGE = 30;

export interface TurnContext {
  readonly host: HostPort;
  readonly rows: MessageStore;
  readonly bytes: BlobCache;
  readonly get: () => ConversationState;
  /** The displayed model; null while unknown. */
  readonly model: () => ModelRef | null;
  /** The chosen options, as fields of a request. */
  readonly requestOptions: AnswerChoice["requestOptions"];
  /** Has the host create the conversation; resolves with its id. */
  readonly create: () => Promise<string>;
}

export interface ShownTurn {
  /** The path including the turn. */
  readonly messages: readonly string[];
  /** The first changed row. */
  readonly first: string;
  readonly answer: string;
  /** The number of new messages. */
  readonly added: number;
  readonly by: ModelRef | null;
  submit(inferenceId: string): Promise<void>;
  /** Restores the rows after a refusal. Call it when they are no longer shown. */
  undo(): void;
}

interface Plan {
  /** The number of rows of the path that stay. */
  readonly prefixLength: number;
  readonly question: {
    readonly written: DraftMessage;
    readonly siblings: readonly string[];
  } | null;
  /** The row of the answer that the turn extends. */
  readonly answer: string | null;
  readonly siblings: readonly string[];
  readonly by: ModelRef | null;
  readonly request: (
    run: Pick<SendRequest, "inferenceId"> & ReturnType<AnswerChoice["requestOptions"]>,
    conversationId: string,
    content: SendRequest["content"],
  ) => Promise<SendReply>;
}

/** Asks the host what the draft would send now. */
export async function previewDraft(
  { host, rows, bytes, get, model, requestOptions }: TurnContext,
  written: DraftMessage,
  systemPrompt: string | null,
): Promise<Preview> {
  const content = await contentOf(written, bytes);
  const { id: conversationId, messages } = get();
  const after = rows.message(messages.at(-1))?.id;
  const question = { conversationId, content, after, systemPrompt };
  return host.client.wire.preview({ ...question, ...model(), ...requestOptions() });
}

/** Null if the row that the turn is about is no longer on the path. */
export function showTurn(context: TurnContext, turn: Turn, inferenceId: string): ShownTurn | null {
  const { host, rows, bytes, get, requestOptions } = context;
  const { conversations } = host.client;
  const path = get().messages;
  const plan = turn.kind === "send" ? send(turn.written) : atRow(turn);
  return plan && show(plan);

  function send(written: DraftMessage): Plan {
    // Another window may have chosen another path: the message follows the path shown here.
    const after = rows.message(path.at(-1))?.id;
    const template = written.template ?? null;
    return {
      prefixLength: path.length,
      question: { written, siblings: [] },
      answer: null,
      siblings: [],
      by: context.model(),
      request: (run, conversationId, content) =>
        conversations.send({ ...run, conversationId, content, after, template }),
    };
  }

  function atRow(rowTurn: Exclude<Turn, { kind: "send" }>): Plan | null {
    const place = path.indexOf(rowTurn.row);
    const message = rows.message(rowTurn.row);
    if (place === -1 || message === undefined) return null;
    const { id: messageId, siblings, role } = message;
    const by = context.model();
    const common = { prefixLength: place, question: null, answer: null, siblings, by };
    switch (rowTurn.kind) {
      case "edit": {
        const template = rowTurn.written.template ?? null;
        return {
          ...common,
          question: { written: rowTurn.written, siblings },
          siblings: [],
          request: (run, _, content) =>
            conversations.edit({ ...run, messageId, content, template }),
        };
      }
      case "regenerate": {
        const request: Plan["request"] = (run) => conversations.regenerate({ ...run, messageId });
        // A question without an answer stays.
        return role === "user"
          ? { ...common, prefixLength: place + 1, siblings: [], request }
          : { ...common, request };
      }
      case "continue": {
        const request: Plan["request"] = (run) =>
          conversations.continueAnswer({ ...run, messageId, more: rowTurn.more });
        return { ...common, answer: rowTurn.row, by: authorOf(message) ?? by, request };
      }
    }
  }

  function show({ prefixLength, question, answer, siblings, by, request }: Plan): ShownTurn {
    const added: string[] = [];
    if (question !== null) {
      const { written } = question;
      const { text, template } = written;
      const part = { content: shownContent(written), ...(template && { template }) };
      added.push(rows.add("user", text, part, question.siblings));
    }
    let before: MessageState | undefined;
    if (answer === null) {
      added.push(rows.add("assistant", "", { status: "streaming", inferenceId, ...by }, siblings));
    } else {
      // The run adds to the answer's present content.
      const row = rows.get(answer);
      before = row?.get();
      if (before) row?.set({ message: { ...answerSoFar(before), inferenceId }, run: null });
    }
    const messages = [...path.slice(0, prefixLength), ...added, ...(answer ? [answer] : [])];
    const last = messages.at(-1) ?? "";
    return {
      messages,
      first: messages[prefixLength] ?? last,
      answer: last,
      added: added.length,
      by,
      async submit(id) {
        // Checked before a conversation is created: its attachments may be unreadable.
        const content = question === null ? "" : await contentOf(question.written, bytes);
        const conversationId = get().id ?? (await context.create());
        const reply = await sendSurely(host, {
          inferenceId: id,
          send: () =>
            request({ inferenceId: id, ...by, ...requestOptions() }, conversationId, content),
          find: () => find(conversationId, id),
        });
        const above = rows.message(path[prefixLength - 1])?.id ?? null;
        if (question !== null) rows.name(added[0] ?? "", reply.messageId, above);
        if (answer === null) rows.name(last, reply.answerId, reply.messageId);
      },
      undo() {
        rows.remove(added);
        if (answer !== null && before !== undefined) rows.get(answer)?.set(before);
      },
    };
  }

  async function find(conversationId: string, id: string): Promise<SendReply | null> {
    const view = await conversations.get({ conversationId, limit: FIRST_PAGE });
    const answer = view.messages.findLast((message) => message.inferenceId === id);
    if (answer === undefined) return null;
    const messageId = answer.parentId ?? "";
    return { conversationId, messageId, answerId: answer.id, inferenceId: id };
  }
}

/** The model that wrote a message. */
export function authorOf({ providerId, modelId }: StoredMessage): ModelRef | null {
  return providerId !== null && modelId !== null ? { providerId, modelId } : null;
}
