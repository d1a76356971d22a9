/** One message with its actions. While an answer streams, only its row renders. */
import { memo, useCallback, useState } from "react";
import type { CallVerdict, Conversation } from "../../conversations/conversation";
import { useMessage } from "../../conversations/useMessage";
import { useStore } from "../../conversations/useStore";
import { lazyPart } from "../../ui/lazyPart";
import { DecideCallContext } from "../tools/decideCall";
import { AssistantMessage } from "./AssistantMessage";
import { ErrorBanner } from "./ErrorBanner";
import { MessageActions } from "./MessageActions";
import styles from "./MessageRow.module.css";
import { MessageTiming } from "./MessageTiming";
import { UserMessage } from "./UserMessage";

const BudgetCard = lazyPart(async () => (await import("./BudgetCard")).BudgetCard);
const SummaryFold = lazyPart(async () => (await import("./SummaryFold")).SummaryFold);
const FormOfMessage = lazyPart(
  async () => (await import("../templates/FormOfMessage")).FormOfMessage,
);
const MessageEditor = lazyPart(
  async () => (await import("../composer/MessageEditor")).MessageEditor,
);

export interface MessageRowProps {
  readonly id: string;
  readonly conversation: Conversation;
  /** It is the last message. */
  readonly isLast: boolean;
  /** Whether an answer is being written, so that no other can start. */
  readonly isBusy: boolean;
  /** Whether the row itself shows its error and a retry. */
  readonly showsFailure: boolean;
}

export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { id, conversation, isLast, isBusy, showsFailure } = props;
  const view = useMessage(id);
  const { edits } = conversation;
  const edit = useStore(edits, (all) => all.get(id));
  const decide = useCallback(
    (verdict: CallVerdict) => conversation.decide(id, verdict),
    [conversation, id],
  );
  const [isForm, setIsForm] = useState(false);
  if (view === null) return null;
  const isQuestion = view.role === "user";
  const actions = (
    <MessageActions
      {...props}
      view={view}
      onEdit={isQuestion && !isBusy ? () => edits.begin(id) : null}
      onForm={view.template && !isBusy ? () => setIsForm(true) : null}
    />
  );
  return (
    <div
      className={`${styles.row} ${isLast ? styles.last : ""}`}
      data-row={id}
      data-message={view.id}
      tabIndex={-1}
    >
      {isQuestion ? (
        edit === undefined ? (
          <UserMessage view={view}>{actions}</UserMessage>
        ) : (
          <MessageEditor
            edit={edit}
            conversation={conversation}
            onSave={() => conversation.edit(id)}
            onCancel={() => edits.end(id)}
            onForm={edit.from.template && !isBusy ? () => setIsForm(true) : null}
          />
        )
      ) : (
        <DecideCallContext value={decide}>
          <AssistantMessage view={view}>
            {isLast && !view.live && view.budget !== undefined && (
              <BudgetCard
                pause={view.budget}
                isFree={!isBusy}
                onRaise={(more) => conversation.continueAnswer(id, more)}
              />
            )}
            <div className={styles.below}>
              <MessageTiming view={view} />
              {actions}
            </div>
          </AssistantMessage>
        </DecideCallContext>
      )}
      {isForm && (
        <FormOfMessage
          id={id}
          view={view}
          edit={edit}
          conversation={conversation}
          onClose={() => setIsForm(false)}
        />
      )}
      {view.compaction && (
        <SummaryFold
          messageId={view.id}
          compaction={view.compaction}
          onChange={conversation.refresh}
        />
      )}
      {showsFailure && view.status === "failed" && view.failure !== null && (
        <ErrorBanner failure={view.failure} onRetry={conversation.retry} />
      )}
    </div>
  );
});
