/** The label of a model and its provider, without a request to another machine. */
import { useEffect } from "react";
import type { Defaults } from "../../bridge/contract";
import { strings } from "../../i18n";
import { useSettings, useSettingsState } from "../../settings/useSettings";
import { isSameModel } from "./modelGroups";
import { useModel } from "./useModel";
import type { RecentModel } from "./useRecentModels";

/** The provider whose model runs inside the host. */
export const EMBEDDED = "local";

/** The provider is omitted until its name is known: its id is not for display. */
export function useModelLabel(by: Defaults, recent: readonly RecentModel[]): string {
  const { loadProviders } = useSettings();
  const { providers, lists } = useSettingsState();
  const { providerId, modelId } = by;
  const listed = lists[providerId]?.list?.models.find(({ id }) => id === modelId);
  const described = useModel(by, listed === undefined);
  const chosen = recent.find((model) => isSameModel(model, by));
  const name = (listed ?? chosen ?? described)?.name ?? modelId;
  const isUnknown = providers.length === 0;

  useEffect(() => {
    // If the host is not connected yet, opening the panel asks again.
    if (isUnknown) void loadProviders().catch(() => {});
  }, [isUnknown, loadProviders]);

  if (providerId === EMBEDDED) return strings.onThisComputer(name);
  const provider = providers.find(({ id }) => id === providerId);
  return provider === undefined ? name : strings.withProvider(name, provider.name);
}
