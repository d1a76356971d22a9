/** NameBox: where something in the list gets another name; Enter keeps it, Escape does not. */
import { useEffect, useRef, useState } from "react";
import styles from "./NameBox.module.css";

export interface NameBoxProps {
  readonly label: string;
  readonly name: string;
  readonly maxLength: number;
  /** Null when it keeps its name. */
  readonly onDone: (name: string | null) => void;
}

export function NameBox({ label, name: before, maxLength, onDone }: NameBoxProps) {
  const [name, setName] = useState(before);
  const box = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useEffect(() => {
    box.current?.focus();
    box.current?.select();
  }, []);

  function finish(isKept: boolean): void {
    if (done.current) return;
    done.current = true;
    const wanted = name.trim();
    onDone(isKept && wanted !== "" && wanted !== before ? wanted : null);
  }

  return (
    <input
      ref={box}
      className={styles.name}
      aria-label={label}
      dir="auto"
      maxLength={maxLength}
      value={name}
      onChange={(event) => setName(event.target.value)}
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.nativeEvent.isComposing || event.nativeEvent.keyCode === 229) return;
        if (event.key !== "Enter" && event.key !== "Escape") return;
        event.preventDefault();
        finish(event.key === "Enter");
      }}
    />
  );
}
