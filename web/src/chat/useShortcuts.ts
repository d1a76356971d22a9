/** useShortcuts: the keys that work everywhere on the page. */
import { useEffect, useRef } from "react";

export interface Shortcuts {
  readonly newChat: () => void;
  readonly newWindow: () => void;
  readonly search: () => void;
  readonly sidebar: () => void;
  readonly settings: () => void;
  /** False when there is nothing to be undone. */
  readonly undo: () => boolean;
}

/** Keys by their place on the keyboard; browsers keep Ctrl+N for themselves, windows do not. */
const KEYS: Readonly<Record<string, keyof Shortcuts>> = {
  KeyN: "newChat",
  "shift KeyO": "newChat",
  "shift KeyN": "newWindow",
  KeyK: "search",
  KeyB: "sidebar",
  Comma: "settings",
  KeyZ: "undo",
};

export function useShortcuts(shortcuts: Shortcuts): void {
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (!(event.ctrlKey || event.metaKey) || event.altKey || event.repeat) return;
      const name = KEYS[`${event.shiftKey ? "shift " : ""}${event.code}`];
      if (name === undefined || (name === "undo" && isWriting())) return;
      if (latest.current[name]() !== false) event.preventDefault();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

/** There, undo is about what was typed. */
function isWriting(): boolean {
  const { activeElement } = document;
  const box = activeElement instanceof HTMLTextAreaElement ? activeElement : null;
  return box !== null ? box.value !== "" : activeElement instanceof HTMLInputElement;
}
