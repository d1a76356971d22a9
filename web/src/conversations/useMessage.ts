/** One message, while it is written and afterwards; nothing else renders with it. */
import { useMemo, useSyncExternalStore } from "react";
import { createThrottle } from "../lib/throttle";
import { hasEnded, type RunState } from "../llm/runReducer";
import { type MessageState, type MessageStore, type MessageView, viewOf } from "./message";
import { useConversations } from "./useConversations";

/** Null when the conversation has let go of the message. */
export function useMessage(id: string): MessageView | null {
  const store = useConversations().message(id);
  const source = useMemo(() => watched(store), [store]);
  return useSyncExternalStore(source.subscribe, source.get, source.get);
}

interface Source {
  subscribe(notify: () => void): () => void;
  get(): MessageView | null;
}

/** The message and the run that is writing it, as one source; a frame's words are one change. */
function watched(store: MessageStore | undefined): Source {
  if (store === undefined) return { subscribe: () => () => {}, get: () => null };
  let seen: { state: MessageState; run: RunState | null; view: MessageView } | null = null;
  return {
    subscribe(notify) {
      const pace = createThrottle("frame", notify);
      let unfollow = follow(store.get());
      function follow({ run }: MessageState): () => void {
        return (
          run?.subscribe((state, before) => {
            pace.ask(hasEnded(state) || state.status !== before.status);
          }) ?? (() => {})
        );
      }
      const unsubscribe = store.subscribe((state, before) => {
        if (state.run !== before.run) {
          unfollow();
          unfollow = follow(state);
        }
        pace.ask(true);
      });
      return () => {
        unfollow();
        unsubscribe();
        pace.stop();
      };
    },
    get() {
      const state = store.get();
      const run = state.run?.get() ?? null;
      if (seen === null || seen.state !== state || seen.run !== run) {
        seen = { state, run, view: viewOf(state) };
      }
      return seen.view;
    },
  };
}
