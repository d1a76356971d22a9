/** A collapsible note beside an answer's text (reasoning, a tool call), with an icon and a title. */
import type { ReactNode } from "react";
import { Summary } from "../../../ui/Summary";
import { Wave } from "../../../ui/Wave";
import styles from "./SideNote.module.css";

export interface SideNoteProps {
  readonly icon: ReactNode;
  readonly title: ReactNode;
  /** It is in progress. */
  readonly isLive?: boolean;
  /** Expanded when it is first shown. */
  readonly isOpen?: boolean;
  readonly children: ReactNode;
}

export function SideNote(props: SideNoteProps) {
  const { icon, title, isLive = false, isOpen = false, children } = props;
  return (
    <details className={styles.note} open={isOpen}>
      <Summary className={styles.head}>
        {icon}
        <span className="truncate">{title}</span>
        {isLive && <Wave />}
      </Summary>
      <div className={styles.body}>{children}</div>
    </details>
  );
}
