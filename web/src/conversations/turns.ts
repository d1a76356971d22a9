/** A turn is shown at once, asked for, and taken back when the host refuses it. */
import type { DraftMessage } from "../attachments/draftAttachment";
import { contentOf, shownContent } from "../attachments/messageContent";
import type { SendReply, SendRequest } from "../bridge/contract";
import { newInferenceId } from "../bridge/llmApi";
import { type Run, startRun } from "../llm/run";
import type { ConversationCore } from "./core";
import { FIRST_PAGE } from "./history";
import { askSurely } from "./hostPort";
import { soFar } from "./message";
import type { ModelRef } from "./state";

export interface Turn {
  /** What stays of the path. */
  readonly before: readonly string[];
  readonly question: {
    readonly written: DraftMessage;
    readonly siblings: readonly string[];
  } | null;
  /** The answer's row, when there is one already. */
  readonly answer: string | null;
  readonly siblings: readonly string[];
  readonly by: ModelRef | null;
  /** `content` is the question's, as the host takes it. */
  readonly ask: (
    inferenceId: string,
    conversationId: string,
    content: SendRequest["content"],
  ) => Promise<SendReply>;
}

/** Begin a turn. `begun` is told when a conversation that was new has got its id. */
export type SubmitTurn = (turn: Turn) => void;

export function createTurns(core: ConversationCore, begun: () => void): SubmitTurn {
  const { store, rows, host, change } = core;
  const { conversations } = host.client;

  function begin(turn: Turn): void {
    const shown = store.get().messages;
    const inferenceId = newInferenceId();
    const { question, answer, added } = put(turn, inferenceId);
    const messages = [...turn.before, ...(question === null ? [] : [question]), answer];
    const written = turn.question?.written ?? null;
    core.sent = written && { inferenceId, ...written };
    core.acting += 1;
    const run = startRun(host.llm, (id) => askFor(id, turn, question, answer), { inferenceId });
    rows.write(answer, run);
    change({ messages, refused: null, target: null });
    core.follow(run);
    core.keepDraft();
    void run.accepted.then((isTaken) => {
      core.acting -= 1;
      core.sent = null;
      if (isTaken) {
        core.count += added.length;
        change({ answeredBy: turn.by ?? store.get().answeredBy });
      } else {
        if (store.get().messages === messages) change({ messages: shown });
        rows.remove(added);
        if (turn.answer !== null) rows.write(answer, null);
        core.again = written === null ? () => begin(turn) : null;
        takeBack(run, written);
      }
      core.keepDraft();
    });
  }

  /** Show what is being said; `added` are the rows that were not there before. */
  function put(turn: Turn, inferenceId: string) {
    const added: string[] = [];
    let question: string | null = null;
    if (turn.question !== null) {
      const { written } = turn.question;
      question = rows.add("user", written.text, { content: shownContent(written) });
      addSiblings(question, turn.question.siblings);
      added.push(question);
    }
    if (turn.answer !== null) {
      settle(turn.answer, inferenceId);
      return { question, answer: turn.answer, added };
    }
    const by = turn.by ?? store.get().answeredBy;
    const answer = rows.add("assistant", "", { status: "streaming", inferenceId, ...by });
    addSiblings(answer, turn.siblings);
    added.push(answer);
    return { question, answer, added };
  }

  /** What an answer has so far is what the next run adds to. */
  function settle(row: string, inferenceId: string): void {
    const place = rows.get(row);
    if (place === undefined) return;
    place.set({ message: { ...soFar(place.get()), inferenceId }, run: null });
  }

  function addSiblings(row: string, siblings: readonly string[]): void {
    const place = rows.get(row);
    if (place === undefined) return;
    const { message, run } = place.get();
    place.set({ message: { ...message, siblings: [...siblings, message.id] }, run });
  }

  async function askFor(
    inferenceId: string,
    turn: Turn,
    question: string | null,
    answer: string,
  ): Promise<void> {
    // What cannot be read any more is found out before there is a conversation for it.
    const { written } = turn.question ?? {};
    const content = written === undefined ? "" : await contentOf(written, core.bytes);
    const id = store.get().id ?? (await create());
    const reply = await askSurely(host, {
      inferenceId,
      ask: () => turn.ask(inferenceId, id, content),
      find: () => find(id, inferenceId),
    });
    const above = turn.before.at(-1);
    const parentId = above === undefined ? null : (rows.get(above)?.get().message.id ?? null);
    if (question !== null) rows.name(question, reply.messageId, parentId);
    if (turn.answer === null) rows.name(answer, reply.answerId, reply.messageId);
  }

  async function create(): Promise<string> {
    const { temporary } = store.get();
    const { id } = await conversations.create({ temporary });
    // What was typed belongs to the conversation now.
    core.forgetDraft("new");
    change({ id, phase: "open" });
    core.keepDraft();
    begun();
    return id;
  }

  async function find(conversationId: string, inferenceId: string): Promise<SendReply | null> {
    const view = await conversations.get({ conversationId, limit: FIRST_PAGE });
    const answer = view.messages.findLast((message) => message.inferenceId === inferenceId);
    if (answer === undefined) return null;
    const messageId = answer.parentId ?? "";
    return { conversationId, messageId, answerId: answer.id, inferenceId };
  }

  /** The host did not take it: what was said goes back to where it was written. */
  function takeBack(run: Run, written: DraftMessage | null): void {
    const { failure } = run.get();
    if (written !== null) core.giveBack(written);
    change({ refused: failure, run: store.get().run === run ? null : store.get().run });
    const { id, messages } = store.get();
    if (id === null || messages.length > 0 || core.count > 0) return;
    // Nothing was ever said in it: there is no conversation.
    core.forgetDraft(id);
    change({ id: null, phase: "new" });
    void conversations.delete(id).catch(() => false);
  }

  return begin;
}
