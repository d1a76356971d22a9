/** The fold below the last summarized message: the summary, and buttons to undo it. */
import { useId, useLayoutEffect, useRef, useState } from "react";
import type { Compaction, ConversationView } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { reasonOf, strings } from "../../i18n";
import { costs } from "../../i18n/costs";
import { count, money, timeOf } from "../../i18n/format";
import { createReloadedTexts } from "../../lib/reloadedTexts";
import buttons from "../../ui/buttons.module.css";
import { Problem } from "../../ui/Problem";
import { Summary } from "../../ui/Summary";
import { PlainText } from "./PlainText";
import styles from "./SummaryFold.module.css";

/** Edited summaries that are not saved yet, by the ids of their messages. */
const drafts = createReloadedTexts("tidewire.summaries");

export interface SummaryFoldProps {
  /** The last summarized message. */
  readonly messageId: string;
  readonly compaction: Compaction;
  /** The summary has changed. */
  readonly onChange: () => void;
}

export function SummaryFold({ messageId, compaction, onChange }: SummaryFoldProps) {
  const { editSummary, useSummary: use } = useConversations().client.conversations;
  const [draft, setDraft] = useState(drafts.get(messageId) ?? null);
  const [problem, setProblem] = useState<string | null>(null);
  const box = useId();
  const area = useRef<HTMLTextAreaElement>(null);
  const editButton = useRef<HTMLButtonElement>(null);
  const isEditing = draft !== null;
  const wasEditing = useRef(isEditing);
  const [isOpenAtFirst] = useState(isEditing);
  const { text, undone } = compaction;

  // The element that had the focus is gone, so its successor takes it.
  useLayoutEffect(() => {
    if (wasEditing.current === isEditing) return;
    wasEditing.current = isEditing;
    if (document.activeElement === document.body) (area.current ?? editButton.current)?.focus();
  }, [isEditing]);

  function edit(value: string | null): void {
    setDraft(value);
    if (value === null || value === text) drafts.delete(messageId);
    else drafts.set(messageId, value);
  }

  function change(request: Promise<ConversationView>, onDone = () => {}): void {
    setProblem(null);
    request.then(
      () => {
        onDone();
        onChange();
      },
      (error) => setProblem(reasonOf(error)),
    );
  }

  function save(value: string): void {
    change(editSummary({ messageId, text: value }), () => {
      // What was typed in the meantime is not saved yet.
      if ((drafts.get(messageId) ?? text) === value) edit(null);
    });
  }

  return (
    <section className={styles.fold} aria-label={costs.summary.title}>
      <details open={isOpenAtFirst}>
        <Summary>
          <span>
            {undone ? costs.summary.undone : costs.summary.title}
            <small className="faint">{factsOf(compaction)}</small>
          </span>
        </Summary>
        {draft === null ? (
          <PlainText text={text} />
        ) : (
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault();
              save(draft);
            }}
          >
            <label htmlFor={box}>{costs.summary.label}</label>
            <textarea
              ref={area}
              id={box}
              dir="auto"
              rows={8}
              maxLength={32_000}
              value={draft}
              onChange={(event) => edit(event.target.value)}
            />
            <div className={`row ${buttons.pills}`}>
              <button type="button" onClick={() => edit(null)}>
                {strings.cancel}
              </button>
              <button type="submit" disabled={draft.trim() === ""}>
                {strings.save}
              </button>
            </div>
          </form>
        )}
        {draft === null && (
          <div className={`row ${buttons.pills}`}>
            <button ref={editButton} type="button" onClick={() => edit(text)}>
              {strings.edit}
            </button>
          </div>
        )}
      </details>
      <div className={`row ${buttons.pills}`}>
        {undone ? (
          <button type="button" onClick={() => change(use({ messageId, undone: false }))}>
            {costs.summary.use}
          </button>
        ) : (
          <>
            <button type="button" onClick={() => change(use({ messageId, undone: true }))}>
              {strings.undo}
            </button>
            <button
              type="button"
              onClick={() => change(use({ messageId, undone: true, everywhere: true }))}
            >
              {costs.summary.sendAll}
            </button>
          </>
        )}
      </div>
      <Problem>{problem}</Problem>
    </section>
  );
}

function factsOf({ createdAt, modelId, usage, messages, edited }: Compaction): string {
  const facts = [
    costs.summary.messages(messages),
    timeOf(createdAt),
    modelId,
    costs.summary.tokens(count(usage.inputTokens + usage.outputTokens)),
  ];
  if (usage.cost !== null && usage.cost > 0) facts.push(money(usage.cost));
  if (edited) facts.push(costs.summary.edited);
  return facts.join(" · ");
}
