/** A text area with line numbers. A long line wraps, and the line with the problem is marked. */
import { type RefObject, useRef } from "react";
import styles from "./templates.module.css";

export interface CodeAreaProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** The line with the problem, from 1. */
  readonly badLine: number | undefined;
  /** The id of the error, or of a hint. */
  readonly describedBy: string;
  readonly box: RefObject<HTMLTextAreaElement | null>;
}

export function CodeArea({ label, value, onChange, badLine, describedBy, box }: CodeAreaProps) {
  return (
    <div className={styles.code} dir="ltr">
      {/* Lies below the text area, with the same lines, and gives it its height. */}
      <div aria-hidden="true">
        {value.split("\n").map((line, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
          <div key={place} data-bad={place + 1 === badLine || undefined}>
            {line}
          </div>
        ))}
      </div>
      <textarea
        ref={box}
        className={styles.area}
        aria-label={label}
        aria-invalid={badLine !== undefined || undefined}
        aria-describedby={describedBy}
        spellCheck={false}
        autoComplete="off"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}

/** Moves the cursor to a line and column of the text, counted from 1. */
export function useGoTo(value: string) {
  const box = useRef<HTMLTextAreaElement>(null);
  function goTo(line: number, column = 1): void {
    const element = box.current;
    const lines = value.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, { length }) => sum + length + 1, 0);
    // The host counts code points, the page UTF-16 code units.
    const place = before + [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
    element?.focus();
    element?.setSelectionRange(place, place);
    element?.previousElementSibling?.children[line - 1]?.scrollIntoView({ block: "nearest" });
  }
  return { box, goTo };
}
