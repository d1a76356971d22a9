/** Covers the chat while files are dragged over it. */
import { strings } from "../../i18n";
import { AttachIcon } from "../../ui/icons";
import styles from "./DropOverlay.module.css";

export function DropOverlay() {
  return (
    <div className={styles.overlay} data-drop="">
      <div className={styles.card}>
        <AttachIcon />
        <strong>{strings.attachments.dropTitle}</strong>
        <span className="muted">{strings.attachments.dropText}</span>
      </div>
    </div>
  );
}
