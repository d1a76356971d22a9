/** What this is, what answers, and three ways to begin. */
import { strings } from "../../i18n";
import { WaveMark } from "../../ui/Wave";
import styles from "./EmptyState.module.css";
import { FirstRunProviders } from "./FirstRunProviders";

export interface EmptyStateProps {
  /** The embedded model's name, when it is the one that answers. */
  readonly localModel: string | null;
  /** Whether nothing of it is going to be kept. */
  readonly temporary: boolean;
  readonly onTemporary: (wanted: boolean) => void;
  readonly onSuggest: (prompt: string) => void;
}

export function EmptyState(props: EmptyStateProps) {
  const { localModel, temporary, onTemporary, onSuggest } = props;
  return (
    <div className={styles.empty}>
      <WaveMark />
      <h2 className={styles.title}>{strings.emptyTitle}</h2>
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
      {localModel !== null && <FirstRunProviders />}
      <label className={styles.temporary} title={strings.temporaryText}>
        <input
          type="checkbox"
          checked={temporary}
          onChange={(event) => onTemporary(event.target.checked)}
        />
        {temporary ? strings.temporaryText : strings.temporary}
      </label>
    </div>
  );
}
