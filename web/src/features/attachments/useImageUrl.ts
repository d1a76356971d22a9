/** An object URL for the bytes of a picture or sound, valid while it is shown. */
import { useEffect, useState } from "react";
import { isPicture, isSound } from "../../attachments/draftAttachment";
import { useConversations } from "../../conversations/useConversations";
import { useHostRetry } from "../../ui/form/useHostRetry";

export interface Picture {
  readonly hash: string;
  readonly mediaType: string;
  /** Null if the host has them. */
  readonly bytes: Blob | null;
}

/**
 * Null until loaded, also while the host cannot be reached; `UNAVAILABLE` if the bytes are no longer
 * available, or of another type.
 */
export function useImageUrl({ hash, mediaType, bytes }: Picture, isWanted = true): string | null {
  const { bytes: all } = useConversations();
  const [address, setAddress] = useState<string | null>(null);
  const { attempt, willRetry } = useHostRetry();

  // biome-ignore lint/correctness/useExhaustiveDependencies: another connection is no other picture
  useEffect(() => {
    if (!isWanted || hash === "") return;
    let isCurrent = true;
    let objectUrl: string | null = null;
    function show(found: Blob): void {
      if (!isCurrent) return;
      objectUrl = URL.createObjectURL(found);
      setAddress(objectUrl);
    }
    if (!isPicture(mediaType) && !isSound({ mediaType })) setAddress(UNAVAILABLE);
    else if (bytes !== null) show(bytes);
    else {
      all.get(hash, mediaType).then(show, (error) => {
        if (isCurrent && !willRetry(error)) setAddress(UNAVAILABLE);
      });
    }
    return () => {
      isCurrent = false;
      if (objectUrl !== null) URL.revokeObjectURL(objectUrl);
      setAddress(null);
    };
  }, [all, hash, mediaType, bytes, isWanted, attempt]);

  return address;
}

/** No object URL has this value. */
export const UNAVAILABLE = "gone";
