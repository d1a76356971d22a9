/** Providers that are unavailable, with the reason and a remedy. */
import type { Failure, ProviderSummary } from "../../bridge/contract";
import { reasonOf, sentenceOf, strings } from "../../i18n";
import { settingsTexts } from "../../i18n/settings";
import { useOpenSettings, useSettings, useSettingsState } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { Summary } from "../../ui/Summary";
import styles from "./ModelPanel.module.css";
import { isReady } from "./modelGroups";

export interface UnavailableProvidersProps {
  /** Something else is opened. */
  readonly onLeave: () => void;
}

export function UnavailableProviders({ onLeave }: UnavailableProvidersProps) {
  const { loadModels, wantKey } = useSettings();
  const { providers, lists } = useSettingsState();
  const openSettings = useOpenSettings();
  const waiting = providers
    .filter((provider) => !isReady(provider, lists[provider.id]))
    .map((provider) => {
      const listed = lists[provider.id];
      const isKeyMissing = provider.needsKey && !provider.hasKey;
      const reason = isKeyMissing
        ? settingsTexts.needsKey
        : whyNot(provider, listed?.problem ?? null);
      return { provider, reason, isKeyMissing, isAsking: listed?.isAsking ?? false };
    });
  if (waiting.length === 0) return null;
  return (
    <details className={styles.waiting}>
      <Summary>
        {strings.notReady}: {waiting.map(({ provider }) => provider.name).join(", ")}
      </Summary>
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
                {settingsTexts.refresh}
              </Button>
            ) : (
              <Button
                onClick={() => {
                  onLeave();
                  if (isKeyMissing) wantKey(id);
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
  if (provider.problem !== null) return sentenceOf(provider.problem);
  return unlisted === null ? null : reasonOf(unlisted);
}
