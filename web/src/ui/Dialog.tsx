/** A modal dialog with a title and a close button. */
import { type KeyboardEvent, type ReactNode, useLayoutEffect, useRef } from "react";
import { strings } from "../i18n";
import { dialogs } from "../lib/overlays";
import styles from "./Dialog.module.css";
import { IconButton } from "./IconButton";
import { CloseIcon } from "./icons";

export interface DialogProps {
  readonly title: string;
  readonly className?: string | undefined;
  /** Whether it has no header: its content shows the title, and a press outside closes it. */
  readonly isBare?: boolean;
  readonly onClose: () => void;
  /** Keys anywhere in the dialog, also on its Close button. */
  readonly onKeyDown?: (event: KeyboardEvent) => void;
  readonly children: ReactNode;
}

export function Dialog(props: DialogProps) {
  const { title, className, isBare = false, onClose, onKeyDown, children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const isLeaving = useRef(false);
  const isPressed = useRef(false);

  // Closed also when it is removed while open: only then the focus is restored.
  useLayoutEffect(() => {
    const element = dialog.current;
    isLeaving.current = false;
    if (element === null) return;
    element.showModal();
    dialogs.set([...dialogs.get(), element]);
    return () => {
      isLeaving.current = true;
      dialogs.set(dialogs.get().filter((other) => other !== element));
      element.close();
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      className={`${styles.dialog} ${className ?? ""}`}
      aria-label={title}
      // Takes the focus when the focused element is removed.
      tabIndex={-1}
      onClose={(event) => {
        // A nested dialog fires this event as well, and the dialog may have been reopened.
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
      // Here Escape closes the dialog, and must not stop an answer.
      onKeyDown={(event) => {
        event.stopPropagation();
        onKeyDown?.(event);
      }}
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
