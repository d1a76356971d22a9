/** One message, while it is written and afterwards. Only its component renders with it. */
import { useMemo, useSyncExternalStore } from "react";
import { createThrottle } from "../lib/throttle";
import { hasEnded, type RunState } from "../llm/runReducer";
import { type MessageState, type MessageStore, type MessageView, viewOf } from "./message";
import { useConversations } from "./useConversations";

/** Null when the conversation no longer has the message. */
export function useMessage(id: string): MessageView | null {
  const store = useConversations().message(id);
  const source = useMemo(() => messageSource(store), [store]);
  return useSyncExternalStore(source.subscribe, source.get, source.get);
}

interface Source {
  subscribe(notify: () => void): () => void;
  get(): MessageView | null;
}

/** The message and the run that writes it, as one source; all text of one frame is one change. */
function messageSource(store: MessageStore | undefined): Source {
  if (store === undefined) return { subscribe: () => () => {}, get: () => null };
  let cached: { state: MessageState; run: RunState | null; view: MessageView } | null = null;
  return {
    subscribe(notify) {
      const throttle = createThrottle("frame", notify);
      let unfollow = follow(store.get());
      function follow({ run }: MessageState): () => void {
        return (
          run?.subscribe((state, before) => {
            throttle.request(hasEnded(state) || state.status !== before.status);
          }) ?? (() => {})
        );
      }
      const unsubscribe = store.subscribe((state, before) => {
        if (state.run !== before.run) {
          unfollow();
          unfollow = follow(state);
        }
        throttle.request(true);
      });
      return () => {
        unfollow();
        unsubscribe();
        throttle.stop();
      };
    },
    get() {
      const state = store.get();
      const run = state.run?.get() ?? null;
      if (cached === null || cached.state !== state || cached.run !== run) {
        cached = { state, run, view: viewOf(state) };
      }
      return cached.view;
    },
  };
}
