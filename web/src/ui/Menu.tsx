/** A button that opens a list of things to do; everything by keyboard. */
import {
  type KeyboardEvent,
  type ReactNode,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { isMirrored } from "../lib/direction";
import { IconButton } from "./IconButton";
import styles from "./Menu.module.css";

export interface MenuItem {
  readonly label: string;
  readonly run: () => void;
  readonly isDestructive?: boolean;
}

export interface MenuProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly items: readonly MenuItem[];
  readonly className?: string | undefined;
  readonly tabIndex?: number;
}

const GAP_PX = 4;

export function Menu({ label, icon, items, className, tabIndex = 0 }: MenuProps) {
  const [isOpen, setIsOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);

  // Beside its button, and inside of the window.
  useLayoutEffect(() => {
    const element = list.current;
    const place = button.current?.getBoundingClientRect();
    if (!isOpen || element === null || place === undefined) return;
    // Above everything: nothing that holds the button cuts it off.
    if ("showPopover" in element) element.showPopover();
    const { offsetWidth: width, offsetHeight: height } = element;
    const below = place.bottom + GAP_PX;
    const fits = below + height <= window.innerHeight - GAP_PX;
    const top = fits ? below : Math.max(GAP_PX, place.top - height - GAP_PX);
    const start = isMirrored(element) ? place.right - width : place.left;
    const left = Math.min(start, window.innerWidth - width - GAP_PX);
    element.style.top = `${top}px`;
    element.style.left = `${Math.max(GAP_PX, left)}px`;
    element.querySelector("button")?.focus();
  }, [isOpen]);

  useEffect(() => {
    if (!isOpen) return;
    function onPointerDown(event: PointerEvent): void {
      const target = event.target as Node;
      if (list.current?.contains(target) || button.current?.contains(target)) return;
      setIsOpen(false);
    }
    const close = () => setIsOpen(false);
    document.addEventListener("pointerdown", onPointerDown);
    window.addEventListener("resize", close);
    window.addEventListener("blur", close);
    return () => {
      document.removeEventListener("pointerdown", onPointerDown);
      window.removeEventListener("resize", close);
      window.removeEventListener("blur", close);
    };
  }, [isOpen]);

  function shut(): void {
    setIsOpen(false);
    button.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent): void {
    event.stopPropagation();
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      shut();
      return;
    }
    const all = [...(list.current?.querySelectorAll("button") ?? [])];
    const here = all.indexOf(document.activeElement as HTMLButtonElement);
    const next = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: -1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    all.at(next % all.length)?.focus();
  }

  return (
    <>
      <IconButton
        ref={button}
        className={className}
        label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        tabIndex={tabIndex}
        onClick={() => setIsOpen(!isOpen)}
      >
        {icon}
      </IconButton>
      {isOpen && (
        <div
          ref={list}
          className={styles.menu}
          role="menu"
          aria-label={label}
          popover="manual"
          tabIndex={-1}
          onKeyDown={onKeyDown}
        >
          {items.map(({ label: text, run, isDestructive = false }) => (
            <button
              key={text}
              type="button"
              role="menuitem"
              className={isDestructive ? styles.destructive : undefined}
              onClick={() => {
                shut();
                run();
              }}
            >
              {text}
            </button>
          ))}
        </div>
      )}
    </>
  );
}
