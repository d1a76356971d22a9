/** What is open, and the ways elsewhere when the sidebar is out of sight. */
import type { ReactNode } from "react";
import { strings } from "../../i18n";
import { IconButton } from "../../ui/IconButton";
import { GhostIcon, NewChatIcon, SidebarIcon } from "../../ui/icons";
import styles from "./Header.module.css";

export interface HeaderProps {
  readonly title?: string | null;
  readonly temporary?: boolean;
  /** Null where there is no sidebar to be opened. */
  readonly onSidebar?: (() => void) | null;
  readonly onNewChat?: (() => void) | null;
  /** What concerns the open conversation. */
  readonly children?: ReactNode;
}

export function Header({
  title = null,
  temporary = false,
  onSidebar = null,
  onNewChat = null,
  children,
}: HeaderProps) {
  return (
    <header className={styles.header}>
      {onSidebar !== null && (
        <IconButton label={strings.openSidebar} onClick={onSidebar}>
          <SidebarIcon />
        </IconButton>
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
      {children}
      {onNewChat !== null && (
        <IconButton label={strings.newChat} onClick={onNewChat}>
          <NewChatIcon />
        </IconButton>
      )}
    </header>
  );
}
