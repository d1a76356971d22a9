/** EmptyState: what this is, what answers, and three ways to begin. */
import { strings } from "../strings";
import styles from "./EmptyState.module.css";
import { WaveMark } from "./icons";

export interface EmptyStateProps {
  /** The embedded model's name, when it is the one that answers. */
  readonly localModel: string | null;
  readonly onSuggest: (prompt: string) => void;
}

export function EmptyState({ localModel, onSuggest }: EmptyStateProps) {
  return (
    <div className={styles.empty}>
      <WaveMark />
      <h1 className={styles.title}>{strings.emptyTitle}</h1>
      <p className={styles.text}>
        {localModel === null ? strings.emptyText : strings.emptyLocal(localModel)}
      </p>
      <ul className={styles.suggestions} aria-label={strings.suggestionsLabel}>
        {strings.suggestions.map(({ title, prompt }) => (
          <li key={title}>
            <button type="button" onClick={() => onSuggest(prompt)}>
              <strong>{title}</strong>
              <span>{prompt}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
