/** Steps through what was asked before, in all conversations, as a shell does. */
import { useEffect, useRef } from "react";
import { useConversations } from "../../conversations/useConversations";
import type { Store } from "../../lib/store";

export interface PromptHistory {
  /** Show the prompt before (1) or after (-1) the one that is shown; after the last, the draft. */
  step(by: 1 | -1): Promise<void>;
}

/** Where somebody is among the prompts. */
interface HistoryPosition {
  /** One that was changed stays so until the stroll ends. */
  readonly prompts: readonly string[];
  /** What was typed before, and comes back at the end. */
  readonly own: string;
  /** -1 with the own words. */
  readonly place: number;
}

const NONE: HistoryPosition = { prompts: [], own: "", place: -1 };

/** `onShow` is told of each prompt just before the draft becomes it. */
export function usePromptHistory(
  draft: Store<string>,
  onShow: (prompt: string) => void,
): PromptHistory {
  const conversations = useConversations();
  const strolls = useRef(new WeakMap<Store<string>, HistoryPosition>());

  // A prompt that was said ends the stroll; the own words, which were not, are still one step away.
  useEffect(
    () =>
      draft.subscribe((text) => {
        if (text !== "") return;
        const { own, place } = strolls.current.get(draft) ?? NONE;
        strolls.current.set(draft, place < 0 ? NONE : { ...NONE, own });
      }),
    [draft],
  );

  async function begin(own: string): Promise<HistoryPosition> {
    const asked = await conversations.prompts().catch(() => []);
    // What stands there already is no step.
    return { ...NONE, own, prompts: asked.filter((prompt) => prompt !== own) };
  }

  function show(prompt: string): void {
    onShow(prompt);
    draft.set(prompt);
  }

  return {
    async step(by) {
      const known = strolls.current.get(draft) ?? NONE;
      const text = draft.get();
      if (known.place < 0 && by < 0) {
        if (text === "") show(known.own);
        return;
      }
      const now =
        known.place < 0
          ? await begin(text === "" ? known.own : text)
          : {
              ...known,
              prompts: known.prompts.map((one, at) => (at === known.place ? text : one)),
            };
      // Somebody went on typing while the host was asked.
      if (draft.get() !== text) return;
      const place = now.place + by;
      const shown = place < 0 ? now.own : now.prompts[place];
      if (shown === undefined) return;
      strolls.current.set(draft, { ...now, place });
      show(shown);
    },
  };
}
