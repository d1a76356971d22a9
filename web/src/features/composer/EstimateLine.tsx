/** The estimated tokens and price of a long draft, and the messages that would be left out. */
import { useEffect, useState } from "react";
import type { Estimate } from "../../bridge/contract";
import type { Conversation } from "../../conversations/conversation";
import { useConversations } from "../../conversations/useConversations";
import { useStore } from "../../conversations/useStore";
import { estimateSentence } from "../models/estimateSentence";
import styles from "./Composer.module.css";

/** A draft that still changes is not estimated. */
const PAUSE_MS = 600;

export function EstimateLine({ conversation }: { readonly conversation: Conversation }) {
  const { estimate: fetchEstimate } = useConversations().client.conversations;
  const text = useStore(conversation.draft);
  const attached = useStore(conversation.tray);
  const { maxTokens } = useStore(conversation.options);
  const { providerId, modelId } = conversation.model() ?? {};
  const { id: conversationId } = conversation.get();
  const [estimate, setEstimate] = useState<Estimate | null>(null);
  const sizes = attached.filter(({ state }) => state === "ready");
  const images = sizes.filter(({ kind }) => kind === "image").length;
  const fileBytes = sizes
    .filter(({ kind }) => kind === "file")
    .reduce((sum, { size }) => sum + size, 0);

  useEffect(() => {
    let isCurrent = true;
    const request = { conversationId, text, images, fileBytes, maxTokens, providerId, modelId };
    const timer = setTimeout(() => {
      // Without an estimate: sending the message shows the error.
      fetchEstimate(request).then(
        (found) => isCurrent && setEstimate(found),
        () => isCurrent && setEstimate(null),
      );
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [fetchEstimate, conversationId, text, images, fileBytes, maxTokens, providerId, modelId]);

  return (
    // Always present, so that a screen reader announces its changes.
    <p className={styles.estimate} role="status">
      {estimate && estimateSentence(estimate)}
    </p>
  );
}
