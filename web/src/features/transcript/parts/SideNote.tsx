/** A collapsible note beside an answer's text (reasoning, a tool call): icon, title and state. */
import type { ReactNode } from "react";
import { Summary } from "../../../ui/Summary";
import { Wave } from "../../../ui/Wave";
import styles from "./SideNote.module.css";

export interface SideNoteProps {
  readonly icon: ReactNode;
  readonly title: ReactNode;
  /** Its progress or outcome, in a word. */
  readonly state?: ReactNode;
  /** It is in progress. */
  readonly isLive?: boolean;
  /** Expanded when it is first shown. */
  readonly isOpen?: boolean;
  /** The label for screen readers. */
  readonly label?: string;
  readonly children: ReactNode;
}

export function SideNote(props: SideNoteProps) {
  const { icon, title, state, isLive = false, isOpen = false, label, children } = props;
  return (
    <details className={styles.note} open={isOpen} aria-label={label}>
      <Summary className={styles.head}>
        {icon}
        <span className="truncate">{title}</span>
        {state !== undefined && <span className={styles.state}>{state}</span>}
        {isLive && <Wave />}
      </Summary>
      <div className={styles.body}>{children}</div>
    </details>
  );
}
