/** useAttaching: the tray of a box as its component needs it: what is in it, and what may be sent. */
import { type ClipboardEvent, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { Tray } from "../../attachments/attachmentList";
import type { Attached } from "../../attachments/draftAttachment";
import type { By } from "../../conversations/conversation";
import { strings } from "../../i18n";
import { pasted } from "../../lib/dataTransfer";
import { useModel } from "../models/useModel";
import { type Obstacle, obstaclesOf } from "./problems";

export interface Attaching {
  readonly attached: readonly Attached[];
  readonly obstacles: ReadonlyMap<string, Obstacle>;
  readonly refusal: string | null;
  readonly onPaste: (event: ClipboardEvent) => void;
  /** Do it as soon as everything is read, unless something cannot be sent. */
  readonly attempt: (act: () => void) => void;
}

export function useAttaching(tray: Tray, by: By | null): Attaching {
  const attached = useSyncExternalStore(tray.subscribe, tray.get, tray.get);
  const model = useModel(by, attached.length > 0);
  const [isRefused, setIsRefused] = useState(false);
  const latest = useRef(model);
  useEffect(() => {
    latest.current = model;
  });

  const obstacles = obstaclesOf(attached, model);
  const isFree = obstacles.size === 0;
  useEffect(() => {
    if (isFree) setIsRefused(false);
  }, [isFree]);

  function attempt(act: () => void): void {
    const now = tray.get();
    if (now.some(({ state }) => state === "reading")) {
      void tray.settled().then(() => attempt(act));
    } else if (obstaclesOf(now, latest.current).size > 0) {
      setIsRefused(true);
    } else {
      act();
    }
  }

  return {
    attached,
    obstacles,
    refusal: isRefused && !isFree ? refusalOf([...obstacles.values()]) : null,
    onPaste(event) {
      const files = pasted(event.clipboardData);
      if (files.length === 0) return;
      event.preventDefault();
      tray.add(files);
    },
    attempt,
  };
}

function refusalOf(obstacles: readonly Obstacle[]): string {
  const { notSent, notSentModel } = strings.attachments;
  return obstacles.every(({ isModels }) => isModels) ? notSentModel : notSent;
}
