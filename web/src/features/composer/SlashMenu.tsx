/**
 * The list of entries for a message that begins with "/". The focus stays in the message box: Enter
 * sends the text, unless the person has moved to an entry with the arrow keys or Tab.
 */
import { type RefObject, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { useStore } from "../../conversations/useStore";
import { resources } from "../../i18n/resources";
import { withEscapes } from "../../lib/hiddenCharacters";
import { isComposing } from "../../lib/ime";
import type { Store } from "../../lib/store";
import styles from "./SlashMenu.module.css";

export interface SlashEntry {
  /** Without the slash. */
  readonly name: string;
  /** Shown in place of the name, for a slash alone: the entry leads elsewhere. */
  readonly label?: string;
  readonly description: string;
  /** Where it comes from, as people know it. */
  readonly source: string;
  /** Called once the box is empty. */
  readonly choose: () => void;
}

/** Called when a message begins with "/". A source that fails has no entries. */
export type SlashSource = () => Promise<readonly SlashEntry[]>;

export interface SlashMenuProps {
  readonly box: RefObject<HTMLTextAreaElement | null>;
  readonly draft: Store<string>;
  /** A new list is fetched again, so pass the same list while the sources are the same. */
  readonly sources: readonly SlashSource[];
}

/** A message that is nothing but a slash and the beginning of a name. */
const TYPED = /^\/(\S*)$/;

export function SlashMenu(props: SlashMenuProps) {
  const typed = TYPED.exec(useStore(props.draft))?.[1];
  return typed === undefined ? null : <OpenMenu {...props} typed={typed} />;
}

function OpenMenu({ box, draft, sources, typed }: SlashMenuProps & { readonly typed: string }) {
  const [known, setKnown] = useState<ReadonlyMap<SlashSource, readonly SlashEntry[]>>(new Map());
  const [isClosed, setIsClosed] = useState(false);
  // An entry stays active only for the text with which the person moved to it, and also when entries
  // of another source come before it.
  const [moved, setMoved] = useState({ typed, key: "" });
  const list = useRef<HTMLDivElement>(null);
  const id = useId();

  useEffect(() => {
    for (const source of sources) {
      source().then(
        (entries) => setKnown((before) => new Map(before).set(source, entries)),
        () => {},
      );
    }
  }, [sources]);

  const entries = isClosed
    ? []
    : sources.flatMap((source) => known.get(source) ?? []).filter((entry) => matches(entry, typed));
  const place = moved.typed === typed ? entries.findIndex((each) => keyOf(each) === moved.key) : -1;
  const active = place < 0 ? undefined : `${id}-${place}`;
  const isOpen = entries.length > 0;

  function choose(entry: SlashEntry | undefined): void {
    if (entry === undefined) return;
    draft.set("");
    entry.choose();
  }

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || !isOpen) return;
    element.setAttribute("aria-controls", id);
    if (active !== undefined) element.setAttribute("aria-activedescendant", active);
    return () => {
      element.removeAttribute("aria-controls");
      element.removeAttribute("aria-activedescendant");
    };
  }, [box, id, active, isOpen]);

  useLayoutEffect(() => {
    if (place >= 0) list.current?.children[place]?.scrollIntoView({ block: "nearest" });
  }, [place]);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || !isOpen) return;
    function onKeyDown(event: KeyboardEvent): void {
      // A key may arrive before the page has rendered the last input.
      if (isComposing(event) || draft.get() !== `/${typed}`) return;
      if (event.ctrlKey || event.altKey || event.metaKey) return;
      const step = stepOf(event);
      const next = step === 0 ? place : place + step;
      if (event.key === "Escape") setIsClosed(true);
      else if (event.key === "Enter" && place >= 0 && !event.shiftKey) choose(entries[place]);
      // Tab leaves the list at its ends, as it leaves the box.
      else if (step === 0 || (event.key === "Tab" && (next < 0 || next >= entries.length))) return;
      else {
        const entry = entries.at(next < 0 ? -1 : next % entries.length);
        setMoved({ typed, key: entry === undefined ? "" : keyOf(entry) });
      }
      event.preventDefault();
      event.stopPropagation();
    }
    element.addEventListener("keydown", onKeyDown);
    return () => element.removeEventListener("keydown", onKeyDown);
  });

  return (
    <div className={styles.place}>
      <p className="visually-hidden" role="status">
        {isOpen && resources.found(entries.length)}
      </p>
      {isOpen && (
        <div ref={list} id={id} className={styles.list} role="listbox" aria-label={resources.slash}>
          {entries.map((entry, at) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are in the message box
            // biome-ignore lint/a11y/useFocusableInteractive: the focus is in the message box
            <div
              key={keyOf(entry)}
              id={`${id}-${at}`}
              className="wrap hover"
              role="option"
              aria-selected={at === place}
              // The focus stays in the box.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => choose(entry)}
            >
              <b>{withEscapes(entry.label ?? `/${entry.name}`)}</b>
              <span>{withEscapes(entry.description)}</span>
              <small>{withEscapes(entry.source)}</small>
            </div>
          ))}
        </div>
      )}
    </div>
  );
}

const keyOf = ({ source, label, name }: SlashEntry): string => `${source}/${label ?? name}`;

const matches = ({ name, label }: SlashEntry, typed: string): boolean =>
  label === undefined ? name.toLowerCase().includes(typed.toLowerCase()) : typed === "";

function stepOf({ key, shiftKey }: KeyboardEvent): -1 | 0 | 1 {
  if (key === "Tab") return shiftKey ? -1 : 1;
  if (shiftKey) return 0;
  return key === "ArrowDown" ? 1 : key === "ArrowUp" ? -1 : 0;
}
