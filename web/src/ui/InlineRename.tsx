/** A text field that renames an entry of a list: Enter saves, Escape cancels. */
import { useEffect, useRef, useState } from "react";
import { isComposing } from "../lib/ime";

export interface InlineRenameProps {
  readonly label: string;
  readonly name: string;
  readonly maxLength: number;
  /** Null if it keeps its name. After a key the focus returns; after a click it went elsewhere. */
  readonly onDone: (name: string | null, isByKey: boolean) => void;
}

export function InlineRename({ label, name: before, maxLength, onDone }: InlineRenameProps) {
  const [name, setName] = useState(before);
  const box = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useEffect(() => {
    box.current?.focus();
    box.current?.select();
  }, []);

  function finish(isCommit: boolean, isByKey = false): void {
    if (done.current) return;
    done.current = true;
    const newName = name.trim();
    onDone(isCommit && newName !== "" && newName !== before ? newName : null, isByKey);
  }

  return (
    <input
      ref={box}
      aria-label={label}
      dir="auto"
      maxLength={maxLength}
      value={name}
      onChange={(event) => setName(event.target.value)}
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (isComposing(event)) return;
        if (event.key !== "Enter" && event.key !== "Escape") return;
        event.preventDefault();
        finish(event.key === "Enter", true);
      }}
    />
  );
}
