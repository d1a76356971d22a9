/** useSidebar: whether the sidebar is there. Where it lies over the chat, it is so only for a while. */
import { useCallback, useEffect, useState } from "react";

const KEY = "tidewire.sidebar";
const OVER = "(max-width: 43.75rem)";

export interface SidebarState {
  readonly isOpen: boolean;
  readonly open: () => void;
  readonly close: () => void;
  readonly toggle: () => void;
  /** Close it if it lies over the chat. */
  readonly closeOver: () => void;
}

export function useSidebar(): SidebarState {
  const [isOpen, setIsOpen] = useState(() => !isOver() && read() !== "closed");

  const set = useCallback((next: boolean) => {
    setIsOpen(next);
    if (!isOver()) write(next ? "open" : "closed");
  }, []);
  const open = useCallback(() => set(true), [set]);
  const close = useCallback(() => set(false), [set]);
  const toggle = useCallback(() => set(!isOpen), [set, isOpen]);
  const closeOver = useCallback(() => {
    if (isOver()) setIsOpen(false);
  }, []);

  // A window that becomes narrow has no room for it; one that becomes wide has it back.
  useEffect(() => {
    const query = window.matchMedia(OVER);
    const onChange = () => setIsOpen(!query.matches && read() !== "closed");
    query.addEventListener("change", onChange);
    return () => query.removeEventListener("change", onChange);
  }, []);

  useEffect(() => {
    if (!isOpen) return;
    function onKeyDown(event: KeyboardEvent): void {
      if (event.key !== "Escape" || event.defaultPrevented || !isOver()) return;
      event.preventDefault();
      setIsOpen(false);
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [isOpen]);

  return { isOpen, open, close, toggle, closeOver };
}

const isOver = (): boolean => window.matchMedia(OVER).matches;

function read(): string | null {
  try {
    return window.localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function write(value: string): void {
  try {
    window.localStorage.setItem(KEY, value);
  } catch {
    // Switched off: then it is forgotten.
  }
}
