/** useModel: what the model that answers takes; asked for when there is something for it. */
import { useEffect, useState } from "react";
import type { ModelSummary } from "../../bridge/contract";
import type { By } from "../../conversations/conversation";
import { useSettings } from "../../settings/useSettings";

/** Null while nobody has said it, and where nobody can: then the host says what it refuses. */
export function useModel(by: By | null, isWanted: boolean): ModelSummary | null {
  const settings = useSettings();
  const [model, setModel] = useState<ModelSummary | null>(null);
  const { providerId = null, modelId = null } = by ?? {};

  useEffect(() => {
    let isCurrent = true;
    setModel(null);
    if (!isWanted || providerId === null || modelId === null) return;
    settings.describe({ providerId, modelId }).then(
      (found) => isCurrent && setModel(found),
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [settings, providerId, modelId, isWanted]);

  return model;
}
