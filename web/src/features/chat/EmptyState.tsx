/** The empty chat: the chosen model, and three suggestions. */
import type { Conversation, ModelRef } from "../../conversations/conversation";
import { useConversation } from "../../conversations/useConversation";
import { strings } from "../../i18n";
import { lazyPart } from "../../ui/lazyPart";
import { WaveMark } from "../../ui/Wave";
import { EMBEDDED, useModelLabel } from "../models/useModelLabel";
import styles from "./EmptyState.module.css";

const FirstRunProviders = lazyPart(
  async () => (await import("./FirstRunProviders")).FirstRunProviders,
);

export interface EmptyStateProps {
  readonly conversation: Conversation;
  readonly onSuggest: (prompt: string) => void;
}

export function EmptyState({ conversation, onSuggest }: EmptyStateProps) {
  const { model: by, temporary } = useConversation(conversation.key);
  const isLocal = by?.providerId === EMBEDDED;
  const suggestions = isLocal ? strings.localSuggestions : strings.suggestions;
  return (
    <div className={styles.empty}>
      <WaveMark />
      <h2 className={styles.title}>{strings.emptyTitle}</h2>
      {by !== null && <ModelName by={by} />}
      <ul className={styles.suggestions} aria-label={strings.suggestionsLabel}>
        {suggestions.map(({ title, prompt }) => (
          <li key={title}>
            <button type="button" className="card" onClick={() => onSuggest(prompt)}>
              <strong>{title}</strong>
              <span className="muted">{prompt}</span>
            </button>
          </li>
        ))}
      </ul>
      {isLocal && <p className="soft">{strings.emptyLocal(by.modelId)}</p>}
      {isLocal && <FirstRunProviders />}
      <label className={styles.temporary} title={strings.temporaryText}>
        <input
          type="checkbox"
          checked={temporary}
          onChange={(event) => conversation.setTemporary(event.target.checked)}
        />
        {temporary ? strings.temporaryText : strings.temporary}
      </label>
    </div>
  );
}

const NONE: readonly [] = [];

const ModelName = ({ by }: { readonly by: ModelRef }) => (
  <p className="muted" dir="auto">
    {useModelLabel(by, NONE)}
  </p>
);
