/** The recently chosen models, newest first, kept over restarts. */
import { useCallback, useEffect, useState } from "react";
import type { Favourite } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { isSameModel } from "./modelGroups";

const NOTE = "models.recent";
const MOST = 5;

/** A model, with its name if it was known when the model was chosen. */
export interface RecentModel extends Favourite {
  readonly name?: string | undefined;
}

export function useRecentModels(): readonly [readonly RecentModel[], (by: RecentModel) => void] {
  const { notes } = useConversations();
  const [recent, setRecent] = useState<readonly RecentModel[]>([]);

  useEffect(() => {
    void notes.recall().then((found) => {
      setRecent((now) => (now.length > 0 ? now : parse(found.get(NOTE))));
    });
  }, [notes]);

  const add = useCallback(
    (by: RecentModel) => {
      const next = [by, ...recent.filter((model) => !isSameModel(model, by))].slice(0, MOST);
      setRecent(next);
      notes.remember(NOTE, JSON.stringify(next));
    },
    [notes, recent],
  );
  return [recent, add];
}

/** Validates the stored text, which another version may have written. */
function parse(text: string | undefined): readonly RecentModel[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter(isRecent).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

function isRecent(value: unknown): value is RecentModel {
  const {
    providerId,
    modelId,
    name = "",
  } = Object(value) as Partial<Record<keyof RecentModel, unknown>>;
  return [providerId, modelId, name].every((field) => typeof field === "string");
}
