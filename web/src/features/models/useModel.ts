/** The properties of the current model, fetched when they are needed. */
import { useMemo } from "react";
import type { ModelSummary } from "../../bridge/contract";
import type { ModelRef } from "../../conversations/conversation";
import { useSettings } from "../../settings/useSettings";
import { useRequest } from "../../ui/form/useRequest";

/** Null while unknown; the host then checks the request itself. */
export function useModel(by: ModelRef | null, isWanted: boolean): ModelSummary | null {
  const { providers } = useSettings();
  const { providerId = null, modelId = null } = by ?? {};
  const request = useMemo(() => {
    if (!isWanted || providerId === null || modelId === null) return null;
    return () => providers.describe({ providerId, modelId });
  }, [providers, providerId, modelId, isWanted]);
  const { value, isCurrent } = useRequest(request);
  return isCurrent ? value : null;
}
