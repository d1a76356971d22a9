/** Pictures and files of a sent message, fetched when they come into view. */
import { useEffect, useRef, useState } from "react";
import { isPicture } from "../../attachments/draftAttachment";
import type { Attachment } from "../../bridge/contract";
import { strings } from "../../i18n";
import { FileIcon, PictureIcon } from "../../ui/icons";
import { lazyPart } from "../../ui/lazyPart";
import { attachmentName, attachmentSize } from "./attachmentLabel";
import styles from "./MessageAttachments.module.css";
import { GONE, useImageUrl } from "./useImageUrl";

/** Distance from the view at which a picture is fetched. */
const AHEAD = "600px";

const AttachmentDialog = lazyPart(
  async () => (await import("./AttachmentDialog")).AttachmentDialog,
);

export function MessageAttachments({
  attachments,
}: {
  readonly attachments: readonly Attachment[];
}) {
  const [open, setOpen] = useState<number | null>(null);
  if (attachments.length === 0) return null;
  const pictures = attachments.filter(({ mediaType }) => isPicture(mediaType));
  const files = attachments.filter(({ mediaType }) => !isPicture(mediaType));
  const all = [...pictures, ...files];
  const shown = (Shown: typeof PictureTile, some: readonly Attachment[]) =>
    some.map((one) => {
      const place = all.indexOf(one);
      const name = attachmentName(one, place, pictures.length);
      return <Shown key={place} attachment={one} name={name} onOpen={() => setOpen(place)} />;
    });
  return (
    <div className={styles.attachments}>
      {pictures.length > 0 && <div className={styles.group}>{shown(PictureTile, pictures)}</div>}
      {files.length > 0 && <div className={styles.group}>{shown(FileChip, files)}</div>}
      {open !== null && (
        <AttachmentDialog
          attachments={all}
          place={open}
          pictures={pictures.length}
          onPlace={setOpen}
          onClose={() => setOpen(null)}
        />
      )}
    </div>
  );
}

interface ShownProps {
  readonly attachment: Attachment;
  readonly name: string;
  readonly onOpen: () => void;
}

function PictureTile({ attachment, name, onOpen }: ShownProps) {
  const { hash, mediaType } = attachment;
  const tile = useRef<HTMLButtonElement>(null);
  const isNear = useNear(tile);
  const address = useImageUrl({ hash, mediaType, bytes: null }, isNear);
  return (
    <button
      ref={tile}
      type="button"
      className={styles.picture}
      title={strings.attachments.open(name)}
      disabled={address === GONE}
      onClick={onOpen}
    >
      {address !== null && address !== GONE ? (
        <img src={address} alt={name} draggable={false} />
      ) : (
        <span className={styles.missing}>
          <PictureIcon />
          {address === GONE ? strings.attachments.gone : name}
        </span>
      )}
    </button>
  );
}

function FileChip({ attachment, name, onOpen }: ShownProps) {
  return (
    <button
      type="button"
      className={styles.file}
      title={strings.attachments.open(name)}
      onClick={onOpen}
    >
      <FileIcon />
      <span className="truncate" dir="auto">
        {name}
      </span>
      <span className={styles.size}>{attachmentSize(attachment)}</span>
    </button>
  );
}

/** Whether the element is or was in view: a picture that was fetched stays. */
function useNear(element: { readonly current: HTMLElement | null }): boolean {
  const [isNear, setIsNear] = useState(false);
  useEffect(() => {
    if (isNear || element.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) setIsNear(true);
      },
      { rootMargin: AHEAD },
    );
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, isNear]);
  return isNear;
}
