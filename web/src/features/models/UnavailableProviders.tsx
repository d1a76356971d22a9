/** Who cannot answer now, why, and what helps. */
import type { Failure, ProviderSummary } from "../../bridge/contract";
import { reasonOf, sentenceOf, strings } from "../../i18n";
import { useOpenSettings, useSettings, useSettingsState } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import styles from "./ModelPanel.module.css";

export interface UnavailableProvidersProps {
  /** Something else is opened. */
  readonly onLeave: () => void;
}

export function UnavailableProviders({ onLeave }: UnavailableProvidersProps) {
  const { loadModels } = useSettings();
  const { providers, lists } = useSettingsState();
  const openSettings = useOpenSettings();
  const waiting = providers.flatMap((provider) => {
    const listed = lists[provider.id];
    const { needsKey, hasKey } = provider;
    const isKeyMissing = needsKey && !hasKey;
    const reason = isKeyMissing
      ? strings.preferences.needsKey
      : whyNot(provider, listed?.problem ?? null);
    return reason === null
      ? []
      : [{ provider, reason, isKeyMissing, isAsking: listed?.isAsking ?? false }];
  });
  if (waiting.length === 0) return null;
  return (
    <details className={styles.waiting}>
      <summary>
        {strings.notReady}: {waiting.map(({ provider }) => provider.name).join(", ")}
      </summary>
      <ul>
        {waiting.map(({ provider: { id, name, problem }, reason, isKeyMissing, isAsking }) => (
          <li key={id}>
            <p>
              <strong>
                <bdi>{name}</bdi>
              </strong>{" "}
              <bdi>{reason}</bdi>
            </p>
            {problem === null ? (
              <Button isFree={!isAsking} onClick={() => void loadModels(id, true)}>
                {strings.preferences.refresh}
              </Button>
            ) : (
              <Button
                onClick={() => {
                  onLeave();
                  openSettings("providers");
                }}
              >
                {isKeyMissing ? strings.setKey : strings.openSettings}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}

function whyNot(provider: ProviderSummary, unlisted: Failure | null): string | null {
  const { problem: message, code, reason } = provider;
  if (message !== null) return sentenceOf({ code: code ?? "UNKNOWN_ERROR", message, reason });
  return unlisted === null ? null : reasonOf(unlisted);
}
