/** Temporary messages of the page. */
import { useEffect, useState } from "react";
import { createPortal } from "react-dom";
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { dialogs } from "../../lib/overlays";
import { IconButton } from "../IconButton";
import { CloseIcon } from "../icons";
import { Summary } from "../Summary";
import styles from "./Toasts.module.css";
import { type Toast, useToasts } from "./toastStore";

/** Long enough to read it and to change one's mind. */
const SHOWN_MS = 9_000;

export function Toasts() {
  const toasts = useToasts();
  const shown = useStore(toasts);
  const dialog = useStore(dialogs).at(-1);
  const list = (
    <section className={styles.list} aria-live="polite" aria-label={strings.notices}>
      {shown.map((toast) => (
        <ToastLine key={toast.id} toast={toast} onClose={() => toasts.dismiss(toast.id)} />
      ))}
    </section>
  );
  // Content behind a modal dialog can be neither read nor pressed.
  return dialog === undefined ? list : createPortal(list, dialog);
}

function ToastLine({ toast, onClose }: { readonly toast: Toast; readonly onClose: () => void }) {
  const { text, action, progress, details } = toast;
  const [isPaused, setIsPaused] = useState(false);
  const isLasting = isPaused || progress !== null || details.length > 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new text starts its own time
  useEffect(() => {
    if (isLasting) return;
    const timer = setTimeout(onClose, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isLasting, text]);

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: hovering only pauses the timer
    <div
      className={styles.toast}
      onPointerEnter={() => setIsPaused(true)}
      onPointerLeave={() => setIsPaused(false)}
      onFocus={() => setIsPaused(true)}
      onBlur={() => setIsPaused(false)}
    >
      <span className={styles.text} dir="auto">
        {text}
        {progress !== null && <progress value={progress} aria-label={text} />}
        {details.length > 0 && (
          <details>
            <Summary>{strings.details(details.length)}</Summary>
            <ul>
              {details.map((detail) => (
                <li key={detail} dir="auto">
                  {detail}
                </li>
              ))}
            </ul>
          </details>
        )}
      </span>
      {action !== null && (
        <button
          type="button"
          className={styles.action}
          onClick={() => {
            onClose();
            action.run();
          }}
        >
          {action.label}
        </button>
      )}
      {progress === null && (
        <IconButton size="small" label={strings.dismiss} onClick={onClose}>
          <CloseIcon />
        </IconButton>
      )}
    </div>
  );
}
