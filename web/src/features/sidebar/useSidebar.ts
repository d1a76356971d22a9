/**
 * The sidebar's state: visibility, width and collapsed folders. Where it covers the chat, it is open
 * only for a while. The host stores the state, because a window's own storage is lost with the window.
 */
import { useEffect, useMemo, useState } from "react";
import { useConversations } from "../../conversations/useConversations";
import { useStore } from "../../conversations/useStore";
import { isComposing } from "../../lib/ime";
import { isCovered } from "../../lib/overlays";
import { readStored, writeStored } from "../../lib/storage";
import { createStore } from "../../lib/store";
import { widthWithin } from "../../ui/panel/ResizeHandle";

const NAME = "sidebar";
/** The tab's copy, so that a reloaded page is right before the host has answered. */
const TAB_KEY = "tidewire.sidebar";
const NARROW_WINDOW = "(max-width: 43.75rem)";
/** Limits of its width, in CSS pixels. */
export const WIDTHS = { least: 200, standard: 272, most: 480 } as const;

interface StoredSidebar {
  readonly isClosed: boolean;
  readonly width: number;
  /** The names of the collapsed folders. */
  readonly shut: readonly string[];
}

const STANDARD: StoredSidebar = { isClosed: false, width: WIDTHS.standard, shut: [] };

export interface SidebarState {
  readonly isOpen: boolean;
  readonly open: () => void;
  readonly close: () => void;
  readonly toggle: () => void;
  /** Closes it if it covers the chat. */
  readonly closeIfCovering: () => void;
  readonly width: number;
  readonly setWidth: (width: number) => void;
  readonly shut: readonly string[];
  /** Collapses or expands a folder. */
  readonly toggleFolder: (name: string) => void;
}

export function useSidebar(): SidebarState {
  const { notes } = useConversations();
  const [stored] = useState(() => createStore(STANDARD));
  const { width, shut } = useStore(stored);
  const [isOpen, setIsOpen] = useState(() => !isNarrow() && !wasClosed());

  // The stored state, unless the person was quicker than the host.
  useEffect(() => {
    let isWanted = true;
    void notes.recall().then((found) => {
      const known = parseStored(found.get(NAME));
      if (!isWanted || known === null || stored.get() !== STANDARD) return;
      stored.set(known);
      storeClosed(known.isClosed);
      if (!isNarrow()) setIsOpen(!known.isClosed);
    });
    return () => {
      isWanted = false;
    };
  }, [notes, stored]);

  // A window that becomes narrow hides it; one that becomes wide shows it again.
  useEffect(() => {
    const query = window.matchMedia(NARROW_WINDOW);
    const onChange = () => setIsOpen(!query.matches && !stored.get().isClosed);
    query.addEventListener("change", onChange);
    return () => query.removeEventListener("change", onChange);
  }, [stored]);

  useEffect(() => {
    if (!isOpen) return;
    function onKeyDown(event: KeyboardEvent): void {
      if (event.key !== "Escape" || isComposing(event) || event.defaultPrevented) return;
      if (!isNarrow() || isCovered()) return;
      event.preventDefault();
      setIsOpen(false);
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [isOpen]);

  const actions = useMemo(() => {
    function change(part: Partial<StoredSidebar>): void {
      stored.set({ ...stored.get(), ...part });
      notes.remember(NAME, JSON.stringify(stored.get()));
    }

    function set(next: boolean): void {
      setIsOpen(next);
      if (isNarrow()) return;
      storeClosed(!next);
      change({ isClosed: !next });
    }

    return {
      open: () => set(true),
      close: () => set(false),
      closeIfCovering() {
        if (isNarrow()) setIsOpen(false);
      },
      setWidth: (width: number) => change({ width: widthWithin(width, WIDTHS) }),
      toggleFolder(name: string) {
        const { shut: before } = stored.get();
        const rest = before.filter((folder) => folder !== name);
        change({ shut: rest.length < before.length ? rest : [...before, name] });
      },
    };
  }, [notes, stored]);

  const toggle = isOpen ? actions.close : actions.open;
  return { ...actions, isOpen, toggle, width, shut };
}

const isNarrow = (): boolean => window.matchMedia(NARROW_WINDOW).matches;

// Without storage, it closes only after the host has answered.
const wasClosed = (): boolean => readStored(TAB_KEY) === "closed";
const storeClosed = (isClosed: boolean) => writeStored(TAB_KEY, isClosed ? "closed" : "open");

/** Null if it is not valid. */
function parseStored(text: string | undefined): StoredSidebar | null {
  try {
    const found: unknown = JSON.parse(text ?? "null");
    if (typeof found !== "object" || found === null) return null;
    const { isClosed, width, shut } = { ...STANDARD, ...found } as StoredSidebar;
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
