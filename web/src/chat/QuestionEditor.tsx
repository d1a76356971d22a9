/** QuestionEditor: another version of a question, written in its place. */
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { strings } from "../strings";
import { isComposing, useHeight } from "./Composer";
import styles from "./QuestionEditor.module.css";

export interface QuestionEditorProps {
  readonly text: string;
  /** Null when it is to stay as it was. */
  readonly onDone: (text: string | null) => void;
}

export function QuestionEditor({ text: before, onDone }: QuestionEditorProps) {
  const [text, setText] = useState(before);
  const box = useRef<HTMLTextAreaElement>(null);
  useHeight(box, text);

  useEffect(() => {
    const element = box.current;
    element?.focus();
    element?.setSelectionRange(element.value.length, element.value.length);
  }, []);

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
    if (text.trim() !== "") onDone(text);
  }

  return (
    <form
      className={styles.editor}
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <textarea
        ref={box}
        aria-label={strings.editQuestion}
        dir="auto"
        rows={1}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className={styles.bar}>
        <span>{strings.editKeeps}</span>
        <button type="button" onClick={() => onDone(null)}>
          {strings.cancel}
        </button>
        <button type="submit" className={styles.save} disabled={text.trim() === ""}>
          {strings.askAgain}
        </button>
      </div>
    </form>
  );
}
