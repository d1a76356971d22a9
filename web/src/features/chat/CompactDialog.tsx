/** Asks before earlier messages are summarized, and shows the cost. */
import { useEffect, useState } from "react";
import type { CompactionEstimate, CompactRequest } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { strings } from "../../i18n";
import { costs } from "../../i18n/costs";
import { count, money } from "../../i18n/format";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { Problem } from "../../ui/Problem";
import { useAsyncAction } from "../../ui/useAsyncAction";
import styles from "./CompactDialog.module.css";

export interface CompactDialogProps {
  readonly request: CompactRequest;
  readonly onDone: () => void;
}

export function CompactDialog({ request, onDone }: CompactDialogProps) {
  const { compact, compactionEstimate } = useConversations().client.conversations;
  const { conversationId, providerId, modelId } = request;
  const [estimate, setEstimate] = useState<CompactionEstimate | null>(null);
  const { reason, isBusy, attempt } = useAsyncAction();

  useEffect(() => {
    attempt(compactionEstimate({ conversationId, providerId, modelId }).then(setEstimate));
  }, [attempt, compactionEstimate, conversationId, providerId, modelId]);

  return (
    <Dialog title={costs.summary.ask} onClose={onDone}>
      <div className={styles.body}>
        <p>{costs.summary.explain}</p>
        <p role="status">{estimate !== null && estimateText(estimate)}</p>
        <Problem>{reason}</Problem>
        <div className="row">
          <Button
            tone="filled"
            isFree={estimate !== null && !isBusy}
            onClick={() => attempt(compact(request).then(onDone))}
          >
            {costs.summary.begin}
          </Button>
          <Button tone="quiet" onClick={onDone}>
            {strings.cancel}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

function estimateText({ messages, inputTokens, outputTokens, cost }: CompactionEstimate): string {
  const facts = [
    costs.summary.messages(messages),
    costs.about(costs.summary.tokens(count(inputTokens + outputTokens))),
  ];
  if (cost === null) facts.push(costs.summary.noPrice);
  else if (cost > 0) facts.push(costs.summary.atMost(money(cost)));
  return facts.join(" · ");
}
