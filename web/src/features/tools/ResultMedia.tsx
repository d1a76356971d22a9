/** The pictures and sounds of a result. Their bytes come from the host only. */
import { isSound } from "../../attachments/draftAttachment";
import type { Attachment } from "../../bridge/contract";
import { strings } from "../../i18n";
import { MessageAttachments } from "../attachments/MessageAttachments";
import { UNAVAILABLE, useImageUrl } from "../attachments/useImageUrl";
import styles from "./tools.module.css";

export function ResultMedia({ parts }: { readonly parts: readonly Attachment[] }) {
  return (
    <div className={styles.media}>
      <MessageAttachments attachments={parts.filter((part) => !isSound(part))} />
      {parts.filter(isSound).map((sound, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the list of a result never changes
        <Sound key={place} sound={sound} />
      ))}
    </div>
  );
}

function Sound({ sound: { hash, mediaType } }: { readonly sound: Attachment }) {
  const address = useImageUrl({ hash, mediaType, bytes: null });
  if (address === UNAVAILABLE) return <p className="soft">{strings.attachments.gone}</p>;
  return (
    // biome-ignore lint/a11y/useMediaCaption: a tool sends no captions with a sound
    <audio controls src={address ?? undefined} aria-label={strings.tools.sound} />
  );
}
