/**
 * A button and the panel that it opens, over everything else. Escape, a press elsewhere and the focus
 * that goes elsewhere close it. It is rendered only while it is open, so that a web view without
 * popovers never shows it by mistake.
 */
import {
  type ComponentProps,
  type KeyboardEvent,
  type ReactNode,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { isComposing } from "../lib/ime";
import styles from "./Popover.module.css";
import { useAnchoredPosition } from "./useAnchoredPosition";

export interface PopoverButton {
  readonly ref: RefObject<HTMLButtonElement | null>;
  readonly "aria-haspopup": "menu" | "dialog";
  readonly "aria-expanded": boolean;
  readonly onClick: () => void;
}

export interface PopoverProps extends Omit<ComponentProps<"div">, "children" | "role"> {
  readonly role: "menu" | "dialog";
  readonly button: (props: PopoverButton) => ReactNode;
  /** Receives the button, for a caller that presses it, too. */
  readonly trigger?: RefObject<HTMLButtonElement | null>;
  /** `close()` returns the focus to the button; `close(true)` leaves it where it is. */
  readonly children: (close: (isFocusKept?: boolean) => void) => ReactNode;
}

/** The element to focus first; otherwise the panel itself. */
const FIRST = "input, [role=menuitem]";

export function Popover(props: PopoverProps) {
  const { role, button, trigger: outerTrigger, children, className, ...rest } = props;
  const [isOpen, setIsOpen] = useState(false);
  const own = useRef<HTMLButtonElement>(null);
  const trigger = outerTrigger ?? own;
  const panel = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const element = panel.current;
    if (!isOpen || element === null) return;
    if ("showPopover" in element) element.showPopover();
  }, [isOpen]);
  useAnchoredPosition(panel, trigger, isOpen);
  useLayoutEffect(() => {
    if (isOpen) (panel.current?.querySelector<HTMLElement>(FIRST) ?? panel.current)?.focus();
  }, [isOpen]);

  useEffect(() => {
    if (!isOpen) return;
    function onPointerDown({ target }: PointerEvent): void {
      const isOwn = [panel, trigger].some(({ current }) => current?.contains(target as Node));
      if (!isOwn) setIsOpen(false);
    }
    document.addEventListener("pointerdown", onPointerDown);
    return () => document.removeEventListener("pointerdown", onPointerDown);
  }, [isOpen, trigger]);

  function close(isFocusKept = false): void {
    setIsOpen(false);
    if (!isFocusKept) trigger.current?.focus();
  }

  function onKeyDown(event: KeyboardEvent): void {
    event.stopPropagation();
    if (isComposing(event)) return;
    if (event.key !== "Escape" && !(event.key === "Tab" && role === "menu")) return;
    event.preventDefault();
    event.nativeEvent.stopImmediatePropagation();
    close();
  }

  const buttonProps: PopoverButton = {
    ref: trigger,
    "aria-haspopup": role,
    "aria-expanded": isOpen,
    onClick: () => setIsOpen(!isOpen),
  };
  return (
    <>
      {button(buttonProps)}
      {isOpen && (
        // biome-ignore lint/a11y/noStaticElementInteractions: it has one of two roles
        <div
          {...rest}
          ref={panel}
          className={`${styles.popover} ${className ?? ""}`}
          role={role}
          popover="auto"
          tabIndex={-1}
          onKeyDown={onKeyDown}
          onToggle={({ newState }) => newState === "closed" && setIsOpen(false)}
          onBlur={({ relatedTarget, currentTarget }) => {
            const isOutside = relatedTarget !== null && !currentTarget.contains(relatedTarget);
            if (isOutside && relatedTarget !== trigger.current) setIsOpen(false);
          }}
        >
          {children(close)}
        </div>
      )}
    </>
  );
}
