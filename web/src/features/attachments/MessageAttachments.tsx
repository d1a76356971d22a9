/** Pictures and files of a sent message, fetched when they come into view. */
import { useEffect, useRef, useState } from "react";
import { isPicture } from "../../attachments/draftAttachment";
import type { Attachment } from "../../bridge/contract";
import { strings } from "../../i18n";
import { FileIcon, PictureIcon } from "../../ui/icons";
import { lazyPart } from "../../ui/lazyPart";
import { attachmentName, attachmentSize } from "./attachmentLabel";
import styles from "./MessageAttachments.module.css";
import { UNAVAILABLE, useImageUrl } from "./useImageUrl";

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
  const tiles = (Tile: typeof PictureTile, some: readonly Attachment[]) =>
    some.map((attachment) => {
      const place = all.indexOf(attachment);
      const name = attachmentName(attachment, place, pictures.length);
      return <Tile key={place} attachment={attachment} name={name} onOpen={() => setOpen(place)} />;
    });
  return (
    <div className={styles.attachments}>
      {pictures.length > 0 && <div className={styles.group}>{tiles(PictureTile, pictures)}</div>}
      {files.length > 0 && <div className={styles.group}>{tiles(FileChip, files)}</div>}
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

interface TileProps {
  readonly attachment: Attachment;
  readonly name: string;
  readonly onOpen: () => void;
}

function PictureTile({ attachment, name, onOpen }: TileProps) {
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
      disabled={address === UNAVAILABLE}
      onClick={onOpen}
    >
      {address !== null && address !== UNAVAILABLE ? (
        <img src={address} alt={name} draggable={false} />
      ) : (
        <span className={styles.missing}>
          <PictureIcon />
          {address === UNAVAILABLE ? strings.attachments.gone : name}
        </span>
      )}
    </button>
  );
}

function FileChip({ attachment, name, onOpen }: TileProps) {
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
