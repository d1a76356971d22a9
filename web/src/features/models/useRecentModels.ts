/** The models that were chosen lately, over restarts, the last one first. */
import { useCallback, useEffect, useState } from "react";
import type { Favourite } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { isSameModel } from "./modelGroups";

const NOTE = "models.recent";
const MOST = 5;

export function useRecentModels(): readonly [readonly Favourite[], (by: Favourite) => void] {
  const { notes } = useConversations();
  const [recent, setRecent] = useState<readonly Favourite[]>([]);

  useEffect(() => {
    let isWanted = true;
    void notes.recall().then((found) => {
      if (isWanted) setRecent((now) => (now.length > 0 ? now : read(found.get(NOTE))));
    });
    return () => {
      isWanted = false;
    };
  }, [notes]);

  const add = useCallback(
    (by: Favourite) => {
      const next = [by, ...recent.filter((one) => !isSameModel(one, by))].slice(0, MOST);
      setRecent(next);
      notes.remember(NOTE, JSON.stringify(next));
    },
    [notes, recent],
  );
  return [recent, add];
}

/** What another version wrote may be anything. */
function read(text: string | undefined): readonly Favourite[] {
  try {
    const found: unknown = JSON.parse(text ?? "[]");
    return Array.isArray(found) ? found.filter(isFavourite).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

function isFavourite(one: unknown): one is Favourite {
  if (typeof one !== "object" || one === null) return false;
  const { providerId, modelId } = one as Partial<Record<keyof Favourite, unknown>>;
  return typeof providerId === "string" && typeof modelId === "string";
}
