/** The attachments of a message box, and whether they can be sent. */
import { type ClipboardEvent, useEffect, useState } from "react";
import type { AttachmentList } from "../../attachments/attachmentList";
import type { DraftAttachment } from "../../attachments/draftAttachment";
import type { ModelRef } from "../../conversations/conversation";
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { pastedFiles } from "../../lib/dataTransfer";
import { useModel } from "../models/useModel";
import { type AttachmentProblem, problemsOf } from "./problems";

export interface DraftAttachments {
  readonly attached: readonly DraftAttachment[];
  readonly obstacles: ReadonlyMap<string, AttachmentProblem>;
  /** The message when a person tries to send although an attachment cannot be sent; null otherwise. */
  readonly refusal: string | null;
  readonly onPaste: (event: ClipboardEvent) => void;
  /** Cancels the action that waits until everything is read; null without one. */
  readonly cancelPending: (() => void) | null;
  /** Runs `act` as soon as everything is read, unless an attachment cannot be sent. */
  readonly attempt: (act: () => void) => void;
}

interface PendingAction {
  readonly tray: AttachmentList;
  readonly act: () => void;
}

export function useDraftAttachments(tray: AttachmentList, by: ModelRef | null): DraftAttachments {
  const attached = useStore(tray);
  const model = useModel(by, attached.length > 0);
  const [refusedTray, setRefusedTray] = useState<AttachmentList | null>(null);
  /** The list whose files must be read first, and the action that follows. */
  const [pending, setPending] = useState<PendingAction | null>(null);

  const obstacles = problemsOf(attached, model);
  const isFree = obstacles.size === 0;
  useEffect(() => {
    if (isFree) setRefusedTray(null);
  }, [isFree]);

  // Not in another conversation, where the person no longer sees what would be sent.
  const isPending = pending?.tray === tray;
  const isReading = attached.some(({ state }) => state === "reading");
  useEffect(() => {
    if (pending === null || (isPending && isReading)) return;
    setPending(null);
    if (isPending) attempt(pending.act);
  });

  function attempt(act: () => void): void {
    const now = tray.get();
    if (now.some(({ state }) => state === "reading")) {
      setPending({ tray, act });
    } else if (problemsOf(now, model).size > 0) {
      setRefusedTray(tray);
    } else {
      act();
    }
  }

  return {
    attached,
    obstacles,
    cancelPending: isPending ? () => setPending(null) : null,
    refusal: refusedTray === tray && !isFree ? refusalText([...obstacles.values()]) : null,
    onPaste(event) {
      const files = pastedFiles(event.clipboardData);
      if (files.length === 0) return;
      event.preventDefault();
      tray.add(files);
    },
    attempt,
  };
}

function refusalText(obstacles: readonly AttachmentProblem[]): string {
  const { notSent, notSentModel } = strings.attachments;
  return obstacles.every(({ isModels }) => isModels) ? notSentModel : notSent;
}
