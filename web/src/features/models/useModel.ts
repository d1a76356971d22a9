/** The properties of the current model, fetched when they are needed. */
import { useEffect, useState } from "react";
import type { ModelSummary } from "../../bridge/contract";
import type { ModelRef } from "../../conversations/conversation";
import { useSettings } from "../../settings/useSettings";

/** Null while unknown; the host then checks the request itself. */
export function useModel(by: ModelRef | null, isWanted: boolean): ModelSummary | null {
  const settings = useSettings();
  const [known, setKnown] = useState<{
    readonly by: string;
    readonly model: ModelSummary | null;
  }>();
  const { providerId = null, modelId = null } = by ?? {};
  const name = `${providerId} ${modelId}`;

  useEffect(() => {
    if (!isWanted || providerId === null || modelId === null) return;
    let isCurrent = true;
    settings.providers.describe({ providerId, modelId }).then(
      (model) => isCurrent && setKnown({ by: name, model }),
      () => {}, // a provider that cannot be reached gives no properties
    );
    return () => {
      isCurrent = false;
    };
  }, [settings, providerId, modelId, name, isWanted]);

  return isWanted && known?.by === name ? known.model : null;
}
