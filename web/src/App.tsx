/** App: the page around the chat: its connection, its shortcuts, and what the address asks for. */
import { useEffect, useSyncExternalStore } from "react";
import styles from "./App.module.css";
import type { Bridge, Connection } from "./bridge/bridge";
import type { Shell } from "./bridge/preload";
import { Chat } from "./chat/Chat";
import type { Conversation } from "./chat/conversation";
import { SharedAnswer } from "./chat/SharedAnswer";
import type { Run } from "./llm/run";
import { strings } from "./strings";

export interface AppProps {
  readonly bridge: Bridge;
  readonly shell: Shell;
  readonly conversation: Conversation;
  /** A run of another window to show, instead of a chat of our own. */
  readonly watched: Run | null;
}

export function App({ bridge, shell, conversation, watched }: AppProps) {
  const connection = useSyncExternalStore(bridge.onConnection, bridge.connection);

  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      const isNew = (event.ctrlKey || event.metaKey) && event.shiftKey && event.code === "KeyN";
      if (!isNew || event.repeat) return;
      event.preventDefault();
      void shell.openWindow().catch(() => false);
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [shell]);

  const notice = <ConnectionNotice connection={connection} />;
  if (watched !== null) return <SharedAnswer run={watched} notice={notice} />;
  const defaults = bridge.host()?.defaults ?? null;
  return <Chat conversation={conversation} defaults={defaults} notice={notice} />;
}

function ConnectionNotice({ connection }: { readonly connection: Connection }) {
  switch (connection.phase) {
    case "connecting":
    case "ready":
      return null;
    case "reconnecting":
      return <p className={styles.notice}>{strings.reconnecting}</p>;
    case "lost":
    case "refused":
      return (
        <p className={`error ${styles.lost}`} role="alert" data-code="HOST_LOST">
          {connection.phase === "lost" ? strings.lost : connection.reason}
        </p>
      );
  }
}
