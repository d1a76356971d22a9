/** The message box. It stays usable while an answer streams. */
import { type KeyboardEvent, type ReactNode, type RefObject, useLayoutEffect, useRef } from "react";
import type { AttachmentList } from "../../attachments/attachmentList";
import { type DraftMessage, isBlank } from "../../attachments/draftAttachment";
import type { ModelRef } from "../../conversations/conversation";
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { isComposing } from "../../lib/ime";
import type { Store } from "../../lib/store";
import { SendIcon, StopIcon } from "../../ui/icons";
import { AttachButton } from "../attachments/AttachButton";
import { AttachmentTray } from "../attachments/AttachmentTray";
import { useDraftAttachments } from "../attachments/useDraftAttachments";
import autosize from "./autosize.module.css";
import styles from "./Composer.module.css";
import { usePromptHistory } from "./usePromptHistory";

/** From so many characters on it matters what a draft takes. */
const LONG_DRAFT = 2_000;

export interface ComposerProps {
  readonly draft: Store<string>;
  readonly tray: AttachmentList;
  readonly box: RefObject<HTMLTextAreaElement | null>;
  readonly isBusy: boolean;
  readonly isStopping: boolean;
  /** The model that answers; null until it is known. */
  readonly by: ModelRef | null;
  /** Shows the model and opens the choice of another. */
  readonly model: ReactNode;
  /** Messages that are queued. */
  readonly queue: readonly DraftMessage[];
  /** Sends the draft, or queues it while an answer streams. */
  readonly onSend: () => void;
  readonly onUnqueue: () => void;
  /** Edits the last question. */
  readonly onEditLast: () => void;
  readonly onStop: () => void;
  /** Content above the box. */
  readonly above?: ReactNode;
  /** Says what a long draft would take. */
  readonly estimate?: ReactNode;
  /** More buttons beside the model. */
  readonly actions?: ReactNode;
}

export function Composer(props: ComposerProps) {
  const { draft, tray, box, isBusy, isStopping, by, model, queue, onSend, onStop } = props;
  const text = useStore(draft);
  const { attached, obstacles, refusal, takeBack, onPaste, attempt } = useDraftAttachments(
    tray,
    by,
  );
  const prompts = usePromptHistory(draft, useCaretAtEnd(box, text));
  const isEmpty = isBlank({ text, attached });
  const isLong = text.length >= LONG_DRAFT || attached.length > 0;

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    const by = { ArrowUp: 1 as const, ArrowDown: -1 as const }[event.key];
    if (by !== undefined && isHistoryKey(event)) {
      event.preventDefault();
      void prompts.step(by);
      return;
    }
    if (event.key === "ArrowUp" && text === "" && !hasModifier(event)) {
      event.preventDefault();
      props.onEditLast();
      return;
    }
    if (event.key !== "Enter" || event.shiftKey) return;
    event.preventDefault();
    if (!isEmpty) attempt(onSend);
  }

  function onPress(): void {
    if (isBusy) onStop();
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
          <button type="button" className="hover" onClick={props.onUnqueue}>
            {strings.unqueue}
          </button>
        </div>
      )}
      {props.above}
      <div className={styles.card}>
        <AttachmentTray
          {...{ attached, obstacles, refusal, takeBack, box }}
          onRemove={tray.remove}
        />
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
          <div className={styles.model}>{model}</div>
          {props.actions}
          <span className={styles.keys}>{isBusy ? strings.keysBusy : strings.keys}</span>
          <button
            type="submit"
            className={styles.button}
            aria-label={isBusy ? strings.stop : strings.send}
            title={isBusy ? strings.stop : strings.send}
            aria-busy={isStopping}
            // The second click of a double click on Send would stop the answer that the first one
            // started.
            onClick={(event) => event.detail > 1 && event.preventDefault()}
            disabled={!isBusy && isEmpty}
          >
            {isBusy ? <StopIcon /> : <SendIcon />}
          </button>
        </div>
      </div>
      {isLong && props.estimate}
    </form>
  );
}

/** Puts the cursor at the end of the text passed to the returned function, once it is shown. */
function useCaretAtEnd(
  box: RefObject<HTMLTextAreaElement | null>,
  text: string,
): (expected: string) => void {
  const expected = useRef<string | null>(null);
  useLayoutEffect(() => {
    if (expected.current === text) box.current?.setSelectionRange(text.length, text.length);
    // Any other text was typed: the cursor stays.
    expected.current = null;
  }, [box, text]);
  return (next) => {
    expected.current = next;
  };
}

function inShort({ text, attached }: DraftMessage): string {
  const { queued } = strings.attachments;
  const words = text.trim() === "" ? [] : [text];
  return [...words, ...(attached.length === 0 ? [] : [queued(attached.length)])].join(" + ");
}

/** Ctrl, or Alt on a Mac, whose system uses Ctrl with the arrow keys. */
function isHistoryKey({ ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return ctrlKey !== altKey && !metaKey && !shiftKey;
}

function hasModifier({ ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return ctrlKey || metaKey || altKey || shiftKey;
}
