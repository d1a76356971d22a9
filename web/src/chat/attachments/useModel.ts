/** useModel: what the model that answers takes; asked for when there is something for it. */
import { useEffect, useState } from "react";
import type { ModelSummary } from "../../bridge/contract";
import type { By } from "../../conversations/conversation";
import { useSettings } from "../../settings/useSettings";

/** Null while nobody has said it, and where nobody can: then the host says what it refuses. */
export function useModel(by: By | null, isWanted: boolean): ModelSummary | null {
  const settings = useSettings();
  const [models, setModels] = useState<readonly ModelSummary[]>([]);
  const { providerId = null, modelId = null } = by ?? {};

  useEffect(() => {
    let isCurrent = true;
    setModels([]);
    if (!isWanted || providerId === null) return;
    settings.models(providerId).then(
      (found) => isCurrent && setModels(found),
      () => {},
    );
    return () => {
      isCurrent = false;
    };
  }, [settings, providerId, isWanted]);

  return models.find(({ id }) => id === modelId) ?? null;
}
