/** Says above the message box that a summary is being written, was not written, or is offered. */
import { useState } from "react";
import type { CompactionState } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { sentenceOf, strings } from "../../i18n";
import { costs } from "../../i18n/costs";
import { money, percent } from "../../i18n/format";
import buttons from "../../ui/buttons.module.css";
import banner from "../tools/WaitingBanner.module.css";
import { CompactDialog } from "./CompactDialog";

export function CompactionBar({ compaction }: { readonly compaction: CompactionState }) {
  const { stopCompaction } = useConversations().client.conversations;
  const [isOpen, setIsOpen] = useState(false);
  const { conversationId, state } = compaction;
  return (
    <div className={banner.banner} role="status">
      <span>{stateOf(compaction)}</span>
      {state !== "running" && (
        <button type="button" className={buttons.pill} onClick={() => setIsOpen(true)}>
          {state === "offered" ? costs.summary.offer : strings.tryAgain}
        </button>
      )}
      <button
        type="button"
        className={buttons.pill}
        onClick={() => void stopCompaction(conversationId).catch(() => false)}
      >
        {state === "running" ? costs.summary.stop : strings.dismiss}
      </button>
      {isOpen && <CompactDialog request={{ conversationId }} onDone={() => setIsOpen(false)} />}
    </div>
  );
}

function stateOf({ state, progress, estimate, failure }: CompactionState): string {
  switch (state) {
    case "running":
      return costs.summary.running(percent(progress));
    case "offered":
      return costs.summary.offered(estimate?.cost ? money(estimate.cost) : null);
    case "cancelled":
      return costs.summary.stopped;
    default:
      return costs.summary.failed(failure === null ? "" : sentenceOf(failure));
  }
}
