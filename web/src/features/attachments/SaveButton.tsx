/** Saves a picture or a file of a message where a person can find it. */
import { useState } from "react";
import { isPicture } from "../../attachments/draftAttachment";
import type { Attachment } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { reasonOf, strings } from "../../i18n";
import { downloadBytes } from "../../lib/download";
import buttons from "../../ui/buttons.module.css";
import { ImportIcon } from "../../ui/icons";
import { useIsBrowser } from "../../ui/useIsBrowser";
import styles from "./SaveButton.module.css";

export interface SaveButtonProps {
  readonly attachment: Attachment;
  readonly name: string;
}

export function SaveButton({ attachment, name }: SaveButtonProps) {
  const { bytes, client } = useConversations();
  /** The path of the saved file, or the error, for the text beside the button. */
  const [outcome, setOutcome] = useState("");
  const isBrowser = useIsBrowser();
  const { hash, mediaType } = attachment;
  const fileName = withEnding(name, mediaType);

  async function save(): Promise<void> {
    // As octet-stream the browser saves the file instead of opening content that could run.
    if (isBrowser) downloadBytes(fileName, await bytes.get(hash, "application/octet-stream"));
    else {
      const path = await client.conversations.saveAttachment({ hash, name: fileName });
      setOutcome(strings.exported(path));
    }
  }

  return (
    <>
      <span className={styles.outcome} aria-live="polite" dir="auto">
        {outcome}
      </span>
      <button
        type="button"
        className={`${buttons.pill} ${styles.button}`}
        onClick={() => {
          setOutcome("");
          save().catch((error) => setOutcome(strings.refusedAction(reasonOf(error))));
        }}
      >
        <ImportIcon />
        {strings.save}
      </button>
    </>
  );
}

/** A converted picture may have another format than its name says. */
function withEnding(name: string, mediaType: string): string {
  if (!isPicture(mediaType)) return name;
  const ending = mediaType === "image/jpeg" ? "jpg" : mediaType.slice("image/".length);
  const isRight = new RegExp(`\\.(${ending}|${ending === "jpg" ? "jpeg" : ending})$`, "i");
  return isRight.test(name) ? name : `${name.replace(/\.\w{2,5}$/, "")}.${ending}`;
}
