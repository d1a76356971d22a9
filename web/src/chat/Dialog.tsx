/** Dialog: what lies over the page until it is closed, with a title and a way out. */
import { type ReactNode, useEffect, useRef } from "react";
import { strings } from "../strings";
import styles from "./Dialog.module.css";
import { IconButton } from "./IconButton";
import { CloseIcon } from "./icons";

export interface DialogProps {
  readonly title: string;
  readonly className?: string | undefined;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Dialog({ title, className, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    dialog.current?.showModal();
  }, []);

  return (
    <dialog
      ref={dialog}
      className={`${styles.dialog} ${className ?? ""}`}
      aria-label={title}
      onClose={(event) => {
        // A dialog inside closes by itself, too.
        if (event.target === dialog.current) onClose();
      }}
      // Escape is the dialog's here, and stops no answer.
      onKeyDown={(event) => event.stopPropagation()}
    >
      <header className={styles.head}>
        <h2>{title}</h2>
        <IconButton label={strings.close} onClick={() => dialog.current?.close()}>
          <CloseIcon />
        </IconButton>
      </header>
      {children}
    </dialog>
  );
}
