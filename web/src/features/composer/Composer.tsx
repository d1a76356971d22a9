/** The message box. It stays usable while an answer streams. */
import { type KeyboardEvent, type ReactNode, type RefObject, useRef } from "react";
import { type DraftMessage, isBlank } from "../../attachments/draftAttachment";
import type { Conversation } from "../../conversations/conversation";
import { useConversation } from "../../conversations/useConversation";
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { isComposing } from "../../lib/ime";
import { SendIcon, StopIcon } from "../../ui/icons";
import { lazyPart } from "../../ui/lazyPart";
import { AttachButton } from "../attachments/AttachButton";
import { AttachmentTray } from "../attachments/AttachmentTray";
import { useDraftAttachments } from "../attachments/useDraftAttachments";
import autosize from "./autosize.module.css";
import styles from "./Composer.module.css";
import { usePromptHistory } from "./usePromptHistory";

const EstimateLine = lazyPart(async () => (await import("./EstimateLine")).EstimateLine);

/** The number of characters from which on a draft shows its estimated cost. */
const LONG_DRAFT = 2_000;

export interface ComposerProps {
  readonly conversation: Conversation;
  readonly box: RefObject<HTMLTextAreaElement | null>;
  /** Sends the draft, or queues it while an answer streams. */
  readonly onSend: () => void;
  /** Content above the box. */
  readonly above: ReactNode;
  /** Shows the model and opens the choice of another. */
  readonly model: ReactNode;
  /** More buttons beside the model. */
  readonly actions: ReactNode;
}

export function Composer(props: ComposerProps) {
  const { conversation, box, onSend } = props;
  const { draft, tray } = conversation;
  const { isBusy, status, model, queue } = useConversation(conversation.key);
  const text = useStore(draft);
  const { attempt, onPaste, ...attachments } = useDraftAttachments(tray, model);
  const { attached } = attachments;
  const stepPrompts = usePromptHistory(draft, box);
  const isEmpty = isBlank({ text, attached });
  const isLong = text.length >= LONG_DRAFT || attached.length > 0;
  /** Whether the button was Stop when it was pressed; null if no pointer has pressed it. */
  const wasStop = useRef<boolean | null>(null);

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    const by = { ArrowUp: 1 as const, ArrowDown: -1 as const }[event.key];
    if (by !== undefined && isHistoryKey(event)) {
      event.preventDefault();
      void stepPrompts(by);
      return;
    }
    if (event.key === "ArrowUp" && text === "" && !hasModifier(event)) {
      event.preventDefault();
      conversation.editLast();
      return;
    }
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    // A key that is still held may belong to a field that is gone.
    if (!isEmpty && !event.repeat) attempt(onSend);
  }

  function onPress(): void {
    if (isBusy) conversation.stop();
    else attempt(onSend);
    // The button may become disabled, and the next step is to write.
    box.current?.focus();
  }

  function attach(files: readonly File[]): void {
    tray.add(files);
    box.current?.focus();
  }

  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        onPress();
      }}
    >
      {queue.length > 0 && (
        <div className={styles.queue}>
          <span className="truncate" dir="auto">
            {strings.queued(queue.map(inShort).join(" · "))}
          </span>
          <button
            type="button"
            className="word-button"
            onClick={() => {
              conversation.unqueue();
              box.current?.focus();
            }}
          >
            {strings.cancel}
          </button>
        </div>
      )}
      {props.above}
      <div className={styles.card}>
        <AttachmentTray {...attachments} box={box} onRemove={tray.remove} />
        <div className={autosize.frame} data-text={text}>
          <textarea
            ref={box}
            className={styles.box}
            aria-label={strings.message}
            placeholder={strings.placeholder}
            rows={1}
            dir="auto"
            value={text}
            onChange={(event) => draft.set(event.target.value)}
            onKeyDown={onKeyDown}
            onPaste={onPaste}
          />
        </div>
        <div className={styles.bar}>
          <AttachButton onFiles={attach} />
          <div className={styles.model}>{props.model}</div>
          {props.actions}
          <span className={styles.keys}>{isBusy ? strings.keysBusy : strings.keys}</span>
          <button
            type="submit"
            className={styles.button}
            aria-label={isBusy ? strings.stop : strings.send}
            title={isBusy ? strings.stop : strings.send}
            aria-busy={status === "stopping"}
            onPointerDown={() => {
              wasStop.current = isBusy;
            }}
            onKeyDown={(event) => {
              if (event.key === " " && !event.repeat) wasStop.current = isBusy;
            }}
            // The second click of a double click on Send would stop the answer that the first one
            // started, and an answer that ends under a pressed Stop would send the draft.
            onClick={(event) => {
              const hasChanged = (wasStop.current ?? isBusy) !== isBusy;
              wasStop.current = null;
              if (event.detail > 1 || hasChanged) event.preventDefault();
            }}
            disabled={!isBusy && isEmpty}
          >
            {isBusy ? <StopIcon /> : <SendIcon />}
          </button>
        </div>
      </div>
      {isLong && <EstimateLine conversation={conversation} />}
    </form>
  );
}

function inShort({ text, attached }: DraftMessage): string {
  const { queued } = strings.attachments;
  const words = text.trim() === "" ? [] : [text];
  return [...words, ...(attached.length === 0 ? [] : [queued(attached.length)])].join(" + ");
}

/** Ctrl or Alt; the system of a Mac uses Ctrl with the arrow keys. */
function isHistoryKey({ ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return ctrlKey !== altKey && !metaKey && !shiftKey;
}

function hasModifier({ ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey || shiftKey;
}
