/** The editor for another version of a question, in place. */
import { type KeyboardEvent, useEffect, useId, useRef } from "react";
import { isBlank } from "../../attachments/draftAttachment";
import type { Conversation } from "../../conversations/conversation";
import type { Edit } from "../../conversations/edits";
import { useConversation } from "../../conversations/useConversation";
import { useStore } from "../../conversations/useStore";
import { strings } from "../../i18n";
import { isComposing } from "../../lib/ime";
import buttons from "../../ui/buttons.module.css";
import { AttachButton } from "../attachments/AttachButton";
import { AttachmentTray } from "../attachments/AttachmentTray";
import { useDraftAttachments } from "../attachments/useDraftAttachments";
import autosize from "./autosize.module.css";
import styles from "./MessageEditor.module.css";

export interface MessageEditorProps {
  readonly edit: Edit;
  readonly conversation: Conversation;
  readonly onSave: () => void;
  /** Discards the edit. */
  readonly onCancel: () => void;
  /** Opens the form of the template that made the text; null without one. */
  readonly onForm: (() => void) | null;
}

export function MessageEditor(props: MessageEditorProps) {
  const { edit, conversation, onSave, onCancel, onForm } = props;
  const { draft, tray } = edit;
  const text = useStore(draft);
  const { model, isBusy } = useConversation(conversation.key);
  const note = useId();
  const { attempt, onPaste, ...attachments } = useDraftAttachments(tray, model);
  const box = useRef<HTMLTextAreaElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a restarted edit is a new object
  useEffect(() => {
    const element = box.current;
    element?.focus();
    element?.setSelectionRange(element.value.length, element.value.length);
  }, [edit]);

  const isEmpty = isBlank({ text, attached: attachments.attached });

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    if (event.key === "Escape") {
      event.preventDefault();
      // A key that is still held may have closed something over the editor.
      if (!event.repeat) onCancel();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      // The key may still be held from the button that opened the editor.
      if (!event.repeat) save();
    }
  }

  function save(): void {
    if (!isEmpty && !isBusy) attempt(onSave);
  }

  return (
    <form
      className={styles.editor}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <AttachmentTray {...attachments} box={box} onRemove={tray.remove} />
      <div className={autosize.frame} data-text={text}>
        <textarea
          ref={box}
          aria-label={strings.editQuestion}
          dir="auto"
          rows={1}
          value={text}
          onChange={(event) => draft.set(event.target.value)}
          onKeyDown={onKeyDown}
          onPaste={onPaste}
        />
      </div>
      <div className={`${buttons.pills} ${styles.bar}`}>
        <AttachButton onFiles={tray.add} />
        <span id={note} aria-live="polite">
          {isBusy ? strings.editWaits : strings.editKeeps}
        </span>
        {onForm !== null && (
          <button type="button" onClick={onForm}>
            {strings.editForm}
          </button>
        )}
        <button type="button" onClick={onCancel}>
          {strings.cancel}
        </button>
        <button
          type="submit"
          className={styles.save}
          disabled={isEmpty}
          aria-disabled={isBusy}
          aria-describedby={note}
        >
          {strings.askAgain}
        </button>
      </div>
    </form>
  );
}
