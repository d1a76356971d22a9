/** DropVeil: lies over the chat while files are dragged over it. */
import { strings } from "../../strings";
import { AttachIcon } from "../icons";
import styles from "./DropVeil.module.css";

export function DropVeil() {
  return (
    <div className={styles.veil} data-drop="">
      <div className={styles.card}>
        <AttachIcon />
        <strong>{strings.attachments.dropTitle}</strong>
        <span>{strings.attachments.dropText}</span>
      </div>
    </div>
  );
}
