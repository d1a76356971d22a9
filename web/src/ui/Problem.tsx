/** An error that screen readers announce, and the outcome of an action. */
import type { ReactNode } from "react";
import { Button } from "./Button";
import styles from "./Problem.module.css";

export interface ProblemProps {
  readonly id?: string | undefined;
  /** The sentence; nothing is shown without one. */
  readonly children: ReactNode;
  /** The action that may help. */
  readonly action?: { readonly label: string; readonly run: () => void };
}

export function Problem({ id, children, action }: ProblemProps) {
  if (children === null) return null;
  return (
    <div id={id} className={styles.problem} role="alert">
      {children}
      {action !== undefined && <Button onClick={action.run}>{action.label}</Button>}
    </div>
  );
}

export interface NoticeProps {
  /** The outcome is a failure. */
  readonly isBad?: boolean;
  readonly children: ReactNode;
}

export function Notice({ isBad = false, children }: NoticeProps) {
  if (children === null) return null;
  return (
    <p className={isBad ? styles.problem : styles.notice} role="status">
      {children}
    </p>
  );
}
