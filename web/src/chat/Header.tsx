/** Header: what is open, and the ways elsewhere when the sidebar is out of sight. */
import { strings } from "../strings";
import styles from "./Header.module.css";
import { GhostIcon, NewChatIcon, SidebarIcon } from "./icons";

export interface HeaderProps {
  readonly title?: string | null;
  readonly temporary?: boolean;
  /** Null where there is no sidebar to be opened. */
  readonly onSidebar?: (() => void) | null;
  readonly onNewChat?: (() => void) | null;
}

export function Header({
  title = null,
  temporary = false,
  onSidebar = null,
  onNewChat = null,
}: HeaderProps) {
  return (
    <header className={styles.header}>
      {onSidebar !== null && (
        <button
          type="button"
          className={styles.button}
          aria-label={strings.openSidebar}
          title={strings.openSidebar}
          onClick={onSidebar}
        >
          <SidebarIcon />
        </button>
      )}
      <h1 className={styles.name} dir="auto">
        {title === null || title === "" ? strings.appName : title}
      </h1>
      {temporary && (
        <span className={styles.temporary} title={strings.temporaryText}>
          <GhostIcon />
          {strings.temporary}
        </span>
      )}
      {onNewChat !== null && (
        <button
          type="button"
          className={styles.button}
          aria-label={strings.newChat}
          title={strings.newChat}
          onClick={onNewChat}
        >
          <NewChatIcon />
        </button>
      )}
    </header>
  );
}
