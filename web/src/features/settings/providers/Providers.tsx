/** Settings for providers: the list, the one just removed, and the form to add one. */
import { useState } from "react";
import type { ProviderSummary } from "../../../bridge/contract";
import { strings } from "../../../i18n";
import { settingsTexts as words } from "../../../i18n/settings";
import { useSettings, useSettingsState } from "../../../settings/useSettings";
import { Button } from "../../../ui/Button";
import formStyles from "../../../ui/form/form.module.css";
import { Problem } from "../../../ui/Problem";
import { useAsyncAction } from "../../../ui/useAsyncAction";
import type { AddedProvider } from "./AddForm";
import { AddProvider } from "./AddProvider";
import { Provider } from "./Provider";

type Removed = Pick<ProviderSummary, "id" | "name">;

/** Focuses the button in place of a removed element. A constant, or every render would call it. */
const focusOnce = (button: HTMLButtonElement | null): void => button?.focus();

export function Providers() {
  const settings = useSettings();
  const { providers, keys } = useSettingsState();
  const { problem, attempt } = useAsyncAction();
  const [added, setAdded] = useState<AddedProvider | null>(null);
  const [removed, setRemoved] = useState<readonly Removed[]>([]);

  async function remove(provider: Removed): Promise<void> {
    await settings.providers.remove(provider.id);
    setRemoved((before) => [...before.filter(({ id }) => id !== provider.id), provider]);
  }

  async function restore(provider: Removed): Promise<void> {
    await settings.providers.restore(provider.id);
    setRemoved((before) => before.filter(({ id }) => id !== provider.id));
    setAdded({ id: provider.id, problem: null });
  }

  return (
    <>
      <section className={formStyles.section}>
        <h3>{strings.sections.providers}</h3>
        <p className={formStyles.text}>{words.providersText}</p>
        <ul className="stack">
          {providers
            .filter(({ kind }) => kind !== "test")
            .map((provider) => (
              <Provider
                key={provider.id}
                provider={provider}
                status={keys.find(({ providerId }) => providerId === provider.id) ?? null}
                added={added?.id === provider.id ? added : null}
                onRemove={() => attempt(remove(provider))}
              />
            ))}
        </ul>
        {removed.map((provider) => (
          <p key={provider.id} className={formStyles.gone} role="status">
            {words.removed(provider.name)}
            <Button ref={focusOnce} onClick={() => attempt(restore(provider))}>
              {strings.undo}
            </Button>
          </p>
        ))}
        <Problem>{problem}</Problem>
      </section>
      <AddProvider onAdded={setAdded} />
    </>
  );
}
