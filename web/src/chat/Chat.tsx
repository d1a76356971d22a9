/** Chat: a conversation from its empty beginning to the answer that is being written. */
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from "react";
import type { RunState } from "../llm/reduce";
import { useRunStatus } from "../llm/useRunStatus";
import { strings } from "../strings";
import styles from "./Chat.module.css";
import { Composer } from "./Composer";
import type { Conversation, Defaults } from "./conversation";
import { EmptyState } from "./EmptyState";
import { ErrorBanner, type ShownFailure } from "./ErrorBanner";
import { Header } from "./Header";
import { StatusLine } from "./StatusLine";
import { Transcript } from "./Transcript";
import { useFollow } from "./useFollow";

/** The provider whose model runs inside the host. */
const EMBEDDED = "local";

export interface ChatProps {
  readonly conversation: Conversation;
  /** What new conversations use; null until the host has said so. */
  readonly defaults: Defaults | null;
  /** What the page has to say about its connection. */
  readonly notice: ReactNode;
}

export function Chat({ conversation, defaults, notice }: ChatProps) {
  const { phase, turns, refused } = useSyncExternalStore(conversation.subscribe, conversation.get);
  const run = turns.at(-1)?.run ?? null;
  const status = useRunStatus(run);
  const box = useRef<HTMLTextAreaElement>(null);
  const isBusy = status === "submitted" || status === "streaming" || status === "stopping";
  const isEmpty = turns.length === 0;
  const follow = useFollow(!isEmpty);
  const failure = refused ?? failureOf(run?.get() ?? null);

  useEffect(() => box.current?.focus(), []);

  useEffect(() => {
    if (!isBusy) return;
    function onKeyDown(event: KeyboardEvent): void {
      if (event.key !== "Escape" || event.isComposing || event.defaultPrevented) return;
      event.preventDefault();
      conversation.stop();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [conversation, isBusy]);

  function send(text?: string): void {
    if (conversation.send(text)) follow.jumpToEnd();
    box.current?.focus();
  }

  function retry(): void {
    conversation.retry();
    follow.jumpToEnd();
    box.current?.focus();
  }

  function restart(): void {
    conversation.restart();
    box.current?.focus();
  }

  return (
    <main className={`chat-container ${styles.chat}`}>
      <Header onNewChat={isEmpty ? null : restart} />
      {notice}
      <Transcript turns={turns} follow={follow}>
        {phase === "open" && isEmpty && refused === null && (
          <EmptyState
            localModel={defaults?.providerId === EMBEDDED ? defaults.modelId : null}
            onSuggest={send}
          />
        )}
        {failure !== null && (
          <ErrorBanner
            failure={failure}
            onRetry={retry}
            onDismiss={refused === null ? undefined : conversation.dismiss}
          />
        )}
      </Transcript>
      <Composer
        draft={conversation.draft}
        box={box}
        isBusy={isBusy}
        isStopping={status === "stopping"}
        model={defaults === null ? null : labelOf(defaults)}
        onSend={send}
        onStop={conversation.stop}
      />
      <StatusLine state={run?.get() ?? null} refused={refused} />
    </main>
  );
}

function failureOf(state: RunState | null): ShownFailure | null {
  if (state?.failure == null) return null;
  return { ...state.failure, message: state.failure.error };
}

function labelOf({ providerId, modelId }: Defaults): string {
  if (providerId === EMBEDDED) return strings.onThisComputer(modelId);
  return strings.withProvider(modelId, providerId);
}
