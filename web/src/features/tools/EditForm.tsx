/** The form to edit a call's arguments. The host checks them; invalid ones stay in the form. */
import { useEffect, useId, useRef, useState } from "react";
import type { JsonValue } from "../../bridge/contract";
import { strings } from "../../i18n";
import { HIDDEN } from "../../lib/hiddenCharacters";
import { Button } from "../../ui/Button";
import { Problem } from "../../ui/Problem";
import { namedValues } from "./Arguments";
import type { ApprovalFormProps } from "./decideCall";
import styles from "./tools.module.css";

const ROWS = { least: 4, most: 20 };

export function EditForm({ call, isFree, onDecide }: ApprovalFormProps) {
  const [text, setText] = useState(() => inEscapes(JSON.stringify(call.arguments, null, 2)));
  const [problem, setProblem] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const words = strings.tools;
  useEffect(() => field.current?.focus(), []);

  function allow(): void {
    let values: JsonValue;
    try {
      values = JSON.parse(text);
    } catch (error) {
      setProblem(words.notJson(error instanceof Error ? error.message : ""));
      return;
    }
    if (namedValues(values) === null) {
      setProblem(words.notObject);
      return;
    }
    setProblem(null);
    onDecide({ verdict: "allow", scope: "once", arguments: values as Record<string, JsonValue> });
  }

  return (
    <div className="stack">
      <label htmlFor={id}>{words.editTitle}</label>
      <textarea
        ref={field}
        id={id}
        className={styles.json}
        dir="ltr"
        spellCheck={false}
        rows={Math.min(ROWS.most, Math.max(ROWS.least, text.split("\n").length))}
        value={text}
        aria-invalid={problem === null ? undefined : true}
        onChange={(event) => setText(event.target.value)}
      />
      <Problem>{problem}</Problem>
      <div className="wrap">
        <Button isFree={isFree} onClick={allow}>
          {words.allowEdited}
        </Button>
      </div>
    </div>
  );
}

/** Escapes characters, in JSON's own syntax, that a text field would not show. */
function inEscapes(json: string): string {
  return json.replace(HIDDEN, (hidden) =>
    Array.from({ length: hidden.length }, (_, at) => {
      return `\\u${hidden.charCodeAt(at).toString(16).padStart(4, "0")}`;
    }).join(""),
  );
}
