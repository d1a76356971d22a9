/** A picture in full size, or the text of a file. */
import { type KeyboardEvent, useCallback } from "react";
import { isPicture, isText } from "../../attachments/draftAttachment";
import type { Attachment } from "../../bridge/contract";
import { useConversations } from "../../conversations/useConversations";
import { strings } from "../../i18n";
import { arrowsOf } from "../../lib/direction";
import { Dialog } from "../../ui/Dialog";
import { useRequest } from "../../ui/form/useRequest";
import { IconButton } from "../../ui/IconButton";
import { NextIcon, PreviousIcon } from "../../ui/icons";
import styles from "./AttachmentDialog.module.css";
import { attachmentName, attachmentSize } from "./attachmentLabel";
import { SaveButton } from "./SaveButton";
import { UNAVAILABLE, useImageUrl } from "./useImageUrl";

export interface AttachmentDialogProps {
  /** The pictures, then the files. */
  readonly attachments: readonly Attachment[];
  readonly pictures: number;
  readonly place: number;
  readonly onPlace: (place: number) => void;
  readonly onClose: () => void;
}

export function AttachmentDialog(props: AttachmentDialogProps) {
  const { attachments, pictures, place, onPlace, onClose } = props;
  const attachment = attachments[place];
  if (attachment === undefined) return null;
  const name = attachmentName(attachment, place, pictures);
  const isShown = isPicture(attachment.mediaType);

  function step(by: number): void {
    onPlace((place + by + pictures) % pictures);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const { forward, back } = arrowsOf(event.currentTarget);
    const by = { [forward]: 1, [back]: -1 }[event.key];
    if (by !== undefined && isShown) step(by);
  }

  return (
    <Dialog
      title={name}
      className={isShown ? styles.wide : styles.text}
      onClose={onClose}
      onKeyDown={onKeyDown}
    >
      <div className="column">
        {isShown ? (
          <LargePicture key={attachment.hash} attachment={attachment} name={name} />
        ) : (
          <TextPreview key={attachment.hash} attachment={attachment} />
        )}
        <div className={styles.bar}>
          {isShown && pictures > 1 && (
            <span className={styles.steps}>
              <IconButton label={strings.attachments.previous} onClick={() => step(-1)}>
                <PreviousIcon />
              </IconButton>
              <span>{strings.attachments.pictureOf(place + 1, pictures)}</span>
              <IconButton label={strings.attachments.next} onClick={() => step(1)}>
                <NextIcon />
              </IconButton>
            </span>
          )}
          <span className={styles.size}>{attachmentSize(attachment)}</span>
          <SaveButton key={place} attachment={attachment} name={name} />
        </div>
      </div>
    </Dialog>
  );
}

interface LargePictureProps {
  readonly attachment: Attachment;
  readonly name: string;
}

function LargePicture({ attachment: { hash, mediaType }, name }: LargePictureProps) {
  const address = useImageUrl({ hash, mediaType, bytes: null });
  if (address === UNAVAILABLE) return <p className={styles.none}>{strings.attachments.gone}</p>;
  if (address === null) return <p className={styles.none}>{strings.attachments.loading}</p>;
  return <img className={styles.large} src={address} alt={name} />;
}

/** Text is shown verbatim; nothing in it runs. */
function TextPreview({ attachment }: { readonly attachment: Attachment }) {
  const { bytes } = useConversations();
  const { hash, mediaType } = attachment;
  const isReadable = isText(attachment);
  const fetchText = useCallback(
    async () => (await bytes.get(hash, mediaType)).text(),
    [bytes, hash, mediaType],
  );
  const { value: text, reason } = useRequest(isReadable ? fetchText : null);

  if (!isReadable) return <p className={styles.none}>{strings.attachments.noPreview}</p>;
  if (text === null) return <p className={styles.none}>{reason ?? strings.attachments.loading}</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard
    <pre className={styles.words} dir="auto" tabIndex={0}>
      {text}
    </pre>
  );
}
