/** Providers that are unavailable, with the reason and a remedy. */
import type { Problem } from "../../bridge/contract";
import { reasonOf, sentenceOf, strings } from "../../i18n";
import { settingsTexts } from "../../i18n/settings";
import type { ModelListState } from "../../settings/settings";
import { useOpenSettings, useSettings, useSettingsState } from "../../settings/useSettings";
import { Button } from "../../ui/Button";
import { Summary } from "../../ui/Summary";
import styles from "./ModelPanel.module.css";
import { isReady } from "./modelGroups";

export function UnavailableProviders({ onLeave }: { readonly onLeave: () => void }) {
  const { loadModels, requestKey } = useSettings();
  const { providers, lists } = useSettingsState();
  const openSettings = useOpenSettings();
  const unavailable = providers
    .filter((provider) => !isReady(provider, lists[provider.id]))
    .map((provider) => ({
      ...provider,
      listed: lists[provider.id],
      isKeyMissing: provider.needsKey && !provider.hasKey,
    }));
  if (unavailable.length === 0) return null;
  return (
    <details className={styles.waiting}>
      <Summary>
        {strings.notReady}: {unavailable.map(({ name }) => name).join(", ")}
      </Summary>
      <ul>
        {unavailable.map(({ id, name, problem, listed, isKeyMissing }) => (
          <li key={id} className="row">
            <p>
              <strong>
                <bdi>{name}</bdi>
              </strong>{" "}
              <bdi>{isKeyMissing ? settingsTexts.needsKey : whyNot(problem, listed)}</bdi>
            </p>
            {problem === null ? (
              <Button isFree={!listed?.isLoading} onClick={() => void loadModels(id, true)}>
                {settingsTexts.refresh}
              </Button>
            ) : (
              <Button
                onClick={() => {
                  onLeave();
                  if (isKeyMissing) requestKey(id);
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

function whyNot(problem: Problem | null, listed: ModelListState | undefined): string | null {
  if (problem !== null) return sentenceOf(problem);
  return listed?.problem ? reasonOf(listed.problem) : null;
}
