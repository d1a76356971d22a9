/** An object URL for the bytes of a picture or sound, valid while it is shown. */
import { useEffect, useState } from "react";
import { isPicture, isSound } from "../../attachments/draftAttachment";
import { useConversations } from "../../conversations/useConversations";

export interface Picture {
  readonly hash: string;
  readonly mediaType: string;
  /** Null if the host has them. */
  readonly bytes: Blob | null;
}

/** Null until loaded; "gone" if the bytes are no longer available, or of another type. */
export function useImageUrl({ hash, mediaType, bytes }: Picture, isWanted = true): string | null {
  const { bytes: all } = useConversations();
  const [address, setAddress] = useState<string | null>(null);

  useEffect(() => {
    if (!isWanted || hash === "") return;
    let isCurrent = true;
    let made: string | null = null;
    function take(found: Blob): void {
      if (!isCurrent) return;
      made = URL.createObjectURL(found);
      setAddress(made);
    }
    if (!isPicture(mediaType) && !isSound({ mediaType })) setAddress(GONE);
    else if (bytes !== null) take(bytes);
    else all.get(hash, mediaType).then(take, () => isCurrent && setAddress(GONE));
    return () => {
      isCurrent = false;
      if (made !== null) URL.revokeObjectURL(made);
      setAddress(null);
    };
  }, [all, hash, mediaType, bytes, isWanted]);

  return address;
}

/** No object URL has this value. */
export const GONE = "gone";
