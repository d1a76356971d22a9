/**
 * The sidebar's state: visibility, width and collapsed folders. Where it covers the chat, it is open
 * only for a while. The host stores the state, because a window's own storage is lost with the window.
 */
import { useCallback, useEffect, useRef, useState } from "react";
import { useConversations } from "../../conversations/useConversations";
import { isCovered } from "../../lib/overlays";
import { readStored, writeStored } from "../../lib/storage";
import { widthWithin } from "../../ui/panel/ResizeHandle";

const NAME = "sidebar";
/** The tab's copy, so that a reloaded page is right before the host has answered. */
const HINT = "tidewire.sidebar";
const OVER = "(max-width: 43.75rem)";
/** Limits of its width, in CSS pixels. */
export const WIDTHS = { least: 200, standard: 272, most: 480 } as const;

interface Kept {
  readonly isClosed: boolean;
  readonly width: number;
  /** The names of the collapsed folders. */
  readonly shut: readonly string[];
}

const STANDARD: Kept = { isClosed: false, width: WIDTHS.standard, shut: [] };

export interface SidebarState {
  readonly isOpen: boolean;
  readonly open: () => void;
  readonly close: () => void;
  readonly toggle: () => void;
  /** Closes it if it covers the chat. */
  readonly closeOver: () => void;
  readonly width: number;
  readonly setWidth: (width: number) => void;
  readonly shut: readonly string[];
  /** Collapses or expands a folder. */
  readonly toggleFolder: (name: string) => void;
}

export function useSidebar(): SidebarState {
  const { notes } = useConversations();
  const [kept, setKept] = useState(STANDARD);
  const [isOpen, setIsOpen] = useState(() => !isOver() && !wasClosed());
  const now = useRef(kept);

  const show = useCallback((next: Kept) => {
    now.current = next;
    setKept(next);
  }, []);
  const change = useCallback(
    (part: Partial<Kept>) => {
      show({ ...now.current, ...part });
      notes.remember(NAME, JSON.stringify(now.current));
    },
    [notes, show],
  );

  // The stored state, unless the person was quicker than the host.
  useEffect(() => {
    let isWanted = true;
    void notes.recall().then((found) => {
      const known = readKept(found.get(NAME));
      if (!isWanted || known === null || now.current !== STANDARD) return;
      show(known);
      hint(known.isClosed);
      if (!isOver()) setIsOpen(!known.isClosed);
    });
    return () => {
      isWanted = false;
    };
  }, [notes, show]);

  const set = useCallback(
    (next: boolean) => {
      setIsOpen(next);
      if (isOver()) return;
      hint(!next);
      change({ isClosed: !next });
    },
    [change],
  );

  // A window that becomes narrow hides it; one that becomes wide shows it again.
  useEffect(() => {
    const query = window.matchMedia(OVER);
    const onChange = () => setIsOpen(!query.matches && !now.current.isClosed);
    query.addEventListener("change", onChange);
    return () => query.removeEventListener("change", onChange);
  }, []);

  useEffect(() => {
    if (!isOpen) return;
    function onKeyDown(event: KeyboardEvent): void {
      if (event.key !== "Escape" || event.defaultPrevented || !isOver() || isCovered()) return;
      event.preventDefault();
      setIsOpen(false);
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [isOpen]);

  const open = useCallback(() => set(true), [set]);
  const close = useCallback(() => set(false), [set]);
  const toggle = useCallback(() => set(!isOpen), [set, isOpen]);
  const closeOver = useCallback(() => {
    if (isOver()) setIsOpen(false);
  }, []);
  const setWidth = useCallback(
    (wanted: number) => change({ width: widthWithin(wanted, WIDTHS) }),
    [change],
  );
  const toggleFolder = useCallback(
    (name: string) => {
      const { shut: before } = now.current;
      const rest = before.filter((one) => one !== name);
      change({ shut: rest.length < before.length ? rest : [...before, name] });
    },
    [change],
  );

  const { width, shut } = kept;
  return { isOpen, open, close, toggle, closeOver, width, setWidth, shut, toggleFolder };
}

const isOver = (): boolean => window.matchMedia(OVER).matches;

// Without storage, it closes only after the host has answered.
const wasClosed = (): boolean => readStored(HINT) === "closed";
const hint = (isClosed: boolean) => writeStored(HINT, isClosed ? "closed" : "open");

/** Null if it is not valid. */
function readKept(text: string | undefined): Kept | null {
  try {
    const found: unknown = JSON.parse(text ?? "null");
    if (typeof found !== "object" || found === null) return null;
    const { isClosed, width, shut } = { ...STANDARD, ...found } as Kept;
    const isSound =
      typeof isClosed === "boolean" &&
      typeof width === "number" &&
      width >= WIDTHS.least &&
      width <= WIDTHS.most &&
      Array.isArray(shut) &&
      shut.every((name) => typeof name === "string");
    return isSound ? { isClosed, width, shut } : null;
  } catch {
    return null;
  }
}
