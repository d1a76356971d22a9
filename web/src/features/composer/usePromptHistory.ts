/** Steps through earlier prompts of all conversations, as a shell's history does. */
import { type RefObject, useEffect, useRef } from "react";
import { flushSync } from "react-dom";
import { useConversations } from "../../conversations/useConversations";
import type { Store } from "../../lib/store";

/** The position while browsing the prompts. */
interface HistoryPosition {
  /** Changes to a prompt are kept until browsing ends. */
  readonly prompts: readonly string[];
  /** The text typed before browsing, which comes back at the end. */
  readonly own: string;
  /** -1 at the typed text. */
  readonly place: number;
}

const NONE: HistoryPosition = { prompts: [], own: "", place: -1 };

/** The returned function shows the previous (1) or next (-1) prompt; after the last one, the draft. */
export function usePromptHistory(draft: Store<string>, box: RefObject<HTMLTextAreaElement | null>) {
  const { conversations } = useConversations().client;
  const positions = useRef(new WeakMap<Store<string>, HistoryPosition>());

  // Sending a prompt ends browsing. If the typed text was not sent, it is still one step away.
  useEffect(
    () =>
      draft.subscribe((text) => {
        if (text !== "") return;
        const { own, place } = positions.current.get(draft) ?? NONE;
        positions.current.set(draft, place < 0 ? NONE : { ...NONE, own });
      }),
    [draft],
  );

  async function begin(own: string): Promise<HistoryPosition> {
    const prompts = await conversations.prompts().catch(() => []);
    // Omits the displayed text, which would be no step.
    return { ...NONE, own, prompts: prompts.filter((prompt) => prompt !== own) };
  }

  function show(prompt: string): void {
    flushSync(() => draft.set(prompt));
    const element = box.current;
    // The box may show another conversation by now.
    if (element?.value === prompt) element.setSelectionRange(prompt.length, prompt.length);
  }

  return async (by: 1 | -1): Promise<void> => {
    const known = positions.current.get(draft) ?? NONE;
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
            prompts: known.prompts.map((prompt, at) => (at === known.place ? text : prompt)),
          };
    // The person went on typing while the host was asked.
    if (draft.get() !== text) return;
    const place = now.place + by;
    const shown = place < 0 ? now.own : now.prompts[place];
    if (shown === undefined) return;
    positions.current.set(draft, { ...now, place });
    show(shown);
  };
}
