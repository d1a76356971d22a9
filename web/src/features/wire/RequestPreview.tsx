/** The request that the draft would send, with its tokens, its price and the messages left out. */
import { useCallback } from "react";
import { isBlank, isReady } from "../../attachments/draftAttachment";
import { useShown } from "../../conversations/useList";
import { useStore } from "../../conversations/useStore";
import { noticeOf } from "../../i18n";
import { wireTexts } from "../../i18n/wire";
import { useRequest } from "../../ui/form/useRequest";
import { Problem } from "../../ui/Problem";
import { estimateSentence } from "../models/estimateSentence";
import { RequestView } from "./RequestView";
import styles from "./wire.module.css";

/** Pause between the last change and the fetch; longer with files, which are uploaded. */
const PAUSE_MS = 250;
const PAUSE_WITH_FILES_MS = 1_000;

export function RequestPreview() {
  const { conversation } = useShown();
  const text = useStore(conversation.draft);
  const attached = useStore(conversation.tray);
  const options = useStore(conversation.options);
  const first = useStore(conversation.options.first);
  const once = useStore(conversation.options.once);
  const { id, messages, run } = useStore(conversation);
  const model = conversation.model();
  const isEmpty = isBlank({ text, attached });
  // biome-ignore lint/correctness/useExhaustiveDependencies: everything that the request is made of
  const fetchPreview = useCallback(
    () => conversation.preview(),
    [conversation, text, attached, options, first, once, id, messages, model, run],
  );
  const pauseMs = attached.length === 0 ? PAUSE_MS : PAUSE_WITH_FILES_MS;
  const isWanted = !isEmpty && attached.every(isReady);
  const { value: preview, reason } = useRequest(isWanted ? fetchPreview : null, pauseMs);

  if (isEmpty) return <p>{wireTexts.blank}</p>;
  if (reason !== null) return <Problem>{reason}</Problem>;
  if (preview === null) return <p role="status">{wireTexts.loading}</p>;
  const { request, estimate, notices } = preview;
  return (
    <div className={styles.wire}>
      <p role="status">{estimateSentence(estimate)}</p>
      {notices.map((notice, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the position is the only identity
        <p key={place} className="soft">
          {noticeOf(notice)}
        </p>
      ))}
      {request === null ? <p>{wireTexts.notHttp}</p> : <RequestView request={request} />}
    </div>
  );
}
