/** QuestionEditor: another version of a question, written in its place. */
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { attachedOf, isBlank, type Written } from "../attachments/attached";
import { createTray } from "../attachments/tray";
import type { Attachment } from "../bridge/contract";
import { useConversations } from "../conversations/context";
import type { Conversation } from "../conversations/conversation";
import { strings } from "../strings";
import { AttachButton } from "./attachments/AttachButton";
import { AttachmentTray } from "./attachments/AttachmentTray";
import { useAttaching } from "./attachments/useAttaching";
import buttons from "./buttons.module.css";
import { useHeight } from "./Composer";
import { isComposing } from "./composing";
import styles from "./QuestionEditor.module.css";

export interface QuestionEditorProps {
  readonly text: string;
  readonly attachments: readonly Attachment[];
  readonly conversation: Conversation;
  /** Null when it is to stay as it was. */
  readonly onDone: (written: Written | null) => void;
}

export function QuestionEditor(props: QuestionEditorProps) {
  const { text: before, attachments, conversation, onDone } = props;
  const [text, setText] = useState(before);
  const { bytes } = useConversations();
  const [tray] = useState(() => {
    const created = createTray((one) => one.bytes !== null && bytes.put(one.hash, one.bytes));
    created.put(attachments.map(attachedOf));
    return created;
  });
  const { by, answeredBy } = conversation.get();
  const { attached, obstacles, refusal, onPaste, attempt } = useAttaching(tray, by ?? answeredBy);
  const box = useRef<HTMLTextAreaElement>(null);
  useHeight(box, text);

  useEffect(() => {
    const element = box.current;
    element?.focus();
    element?.setSelectionRange(element.value.length, element.value.length);
  }, []);

  const isEmpty = isBlank({ text, attached });

  function onKeyDown(event: KeyboardEvent): void {
    if (isComposing(event)) return;
    if (event.key === "Escape") {
      event.preventDefault();
      onDone(null);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      save();
    }
  }

  function save(): void {
    if (!isEmpty) attempt(() => onDone({ text, attached: tray.get() }));
  }

  return (
    <form
      className={styles.editor}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <AttachmentTray {...{ attached, obstacles, refusal, box }} onRemove={tray.remove} />
      <textarea
        ref={box}
        aria-label={strings.editQuestion}
        dir="auto"
        rows={1}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
      />
      <div className={`${buttons.pills} ${styles.bar}`}>
        <AttachButton onFiles={tray.add} />
        <span>{strings.editKeeps}</span>
        <button type="button" onClick={() => onDone(null)}>
          {strings.cancel}
        </button>
        <button type="submit" className={styles.save} disabled={isEmpty}>
          {strings.askAgain}
        </button>
      </div>
    </form>
  );
}
