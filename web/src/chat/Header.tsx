/** Header: the name, and the way to a new chat. */
import { strings } from "../strings";
import styles from "./Header.module.css";
import { NewChatIcon } from "./icons";

/** `onNewChat` is null where there is nothing to leave. */
export function Header({ onNewChat }: { readonly onNewChat: (() => void) | null }) {
  return (
    <header className={styles.header}>
      <span className={styles.name}>{strings.appName}</span>
      {onNewChat !== null && (
        <button type="button" className={styles.button} onClick={onNewChat}>
          <NewChatIcon />
          <span>{strings.newChat}</span>
        </button>
      )}
    </header>
  );
}
