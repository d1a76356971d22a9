/** usePrompts: steps through what was asked before, in all conversations, as a shell does. */
import { useRef } from "react";
import { useConversations } from "../conversations/context";
import type { Store } from "../llm/store";

export interface Prompts {
  /** Show the prompt before (1) or after (-1) the one that is shown; after the last, the draft. */
  step(by: 1 | -1): Promise<void>;
}

/** Where somebody is among the prompts. */
interface Stroll {
  readonly prompts: readonly string[];
  /** What was typed before, and comes back at the end. */
  readonly own: string;
  readonly place: number;
  /** What the box holds then; anything else was typed since. */
  readonly shown: string;
}

export function usePrompts(draft: Store<string>): Prompts {
  const conversations = useConversations();
  const stroll = useRef<Stroll | null>(null);

  async function begin(): Promise<Stroll> {
    const own = draft.get();
    const asked = await conversations.prompts().catch(() => []);
    // What stands there already is no step.
    const prompts = asked.filter((prompt) => prompt !== own);
    return { prompts, own, place: -1, shown: own };
  }

  return {
    async step(by) {
      const known = stroll.current;
      const isGoingOn = known !== null && known.place >= 0 && known.shown === draft.get();
      if (!isGoingOn && by < 0) return;
      const now = isGoingOn ? known : await begin();
      // Somebody went on typing while the host was asked.
      if (draft.get() !== now.shown) return;
      const place = now.place + by;
      const shown = place < 0 ? now.own : now.prompts[place];
      if (shown === undefined) return;
      stroll.current = { ...now, place, shown };
      draft.set(shown);
    },
  };
}
