/** What lies over the page until it is closed, with a title and a way out. */
import { type ReactNode, useLayoutEffect, useRef } from "react";
import { strings } from "../i18n";
import { dialogs } from "../lib/overlays";
import styles from "./Dialog.module.css";
import { IconButton } from "./IconButton";
import { CloseIcon } from "./icons";

export interface DialogProps {
  readonly title: string;
  readonly className?: string | undefined;
  /** Whether it does without a head: what is in it says its title, and a press beside it closes it. */
  readonly isBare?: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Dialog({ title, className, isBare = false, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isLeaving = useRef(false);
  const isPressed = useRef(false);

  // Closed even when it is taken away while it is open: only then the focus goes back.
  useLayoutEffect(() => {
    const shown = dialog.current;
    isLeaving.current = false;
    if (shown === null) return;
    shown.showModal();
    dialogs.set([...dialogs.get(), shown]);
    return () => {
      isLeaving.current = true;
      dialogs.set(dialogs.get().filter((one) => one !== shown));
      shown.close();
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      className={`${styles.dialog} ${className ?? ""}`}
      aria-label={title}
      // Where the focus goes when what had it is taken away.
      tabIndex={-1}
      onClose={(event) => {
        // A dialog inside closes by itself, too; and what was closed may have been shown again.
        const isClosed = event.target === dialog.current && !dialog.current.open;
        if (isClosed && !isLeaving.current) onClose();
      }}
      onPointerDown={(event) => {
        isPressed.current = event.target === dialog.current;
      }}
      onClick={(event) => {
        // A press that began in a text and ends outside is a selection.
        const isBeside = isPressed.current && event.target === dialog.current;
        if (isBare && isBeside) dialog.current?.close();
      }}
      // Escape is the dialog's here, and stops no answer.
      onKeyDown={(event) => event.stopPropagation()}
    >
      {!isBare && (
        <header className={styles.head}>
          <h2>{title}</h2>
          <IconButton label={strings.close} onClick={() => dialog.current?.close()}>
            <CloseIcon />
          </IconButton>
        </header>
      )}
      {children}
    </dialog>
  );
}
