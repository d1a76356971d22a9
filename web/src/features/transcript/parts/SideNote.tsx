/**
 * What stands beside an answer's text: a thought, a call of a tool. It has a head with a picture, a
 * title and a state, and a body that is folded away until somebody opens it.
 */
import type { ReactNode } from "react";
import { Summary } from "../../../ui/Summary";
import { Wave } from "../../../ui/Wave";
import styles from "./SideNote.module.css";

export interface SideNoteProps {
  readonly icon: ReactNode;
  readonly title: ReactNode;
  /** How far it is, or how it ended, in a word. */
  readonly state?: ReactNode;
  /** Something is going on. */
  readonly isLive?: boolean;
  /** Its body is open when it is first shown. */
  readonly isOpen?: boolean;
  /** What a screen reader calls the whole of it. */
  readonly label?: string;
  readonly children: ReactNode;
}

export function SideNote(props: SideNoteProps) {
  const { icon, title, state, isLive = false, isOpen = false, label, children } = props;
  return (
    <details className={styles.note} open={isOpen} aria-label={label}>
      <Summary className={styles.head}>
        {icon}
        <span className={styles.title}>{title}</span>
        {state !== undefined && <span className={styles.state}>{state}</span>}
        {isLive && <Wave />}
      </Summary>
      <div className={styles.body}>{children}</div>
    </details>
  );
}
