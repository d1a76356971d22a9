/** The title of the open chat, and navigation while the sidebar is hidden. */
import type { ReactNode } from "react";
import { strings } from "../../i18n";
import type { ShortcutAction } from "../../settings/shortcuts";
import { IconButton } from "../../ui/IconButton";
import { GhostIcon, NewChatIcon, SidebarIcon } from "../../ui/icons";
import styles from "./Header.module.css";

export interface HeaderProps {
  readonly title?: string | null;
  readonly temporary?: boolean;
  /** Null if there is no sidebar to open. */
  readonly onSidebar?: (() => void) | null;
  readonly onNewChat?: (() => void) | null;
  readonly keys?: (action: ShortcutAction) => string | undefined;
  /** Controls of the open conversation. */
  readonly children?: ReactNode;
}

export function Header({
  title = null,
  temporary = false,
  onSidebar = null,
  onNewChat = null,
  keys,
  children,
}: HeaderProps) {
  return (
    <header className={styles.header}>
      {onSidebar !== null && (
        <IconButton label={strings.openSidebar} keys={keys?.("sidebar")} onClick={onSidebar}>
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
        <IconButton label={strings.newChat} keys={keys?.("newChat")} onClick={onNewChat}>
          <NewChatIcon />
        </IconButton>
      )}
    </header>
  );
}
