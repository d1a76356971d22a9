/** The panel at the end side of the chat, with a header and a close button. */
import { type CSSProperties, type ReactNode, useEffect, useRef, useState } from "react";
import { strings } from "../../i18n";
import { isComposing } from "../../lib/ime";
import { readStored, writeStored } from "../../lib/storage";
import { IconButton } from "../IconButton";
import { CloseIcon } from "../icons";
import { ResizeHandle, widthWithin } from "./ResizeHandle";
import styles from "./SidePanel.module.css";

const WIDTHS = { least: 280, standard: 420, most: 900 } as const;
const WIDTH_KEY = "tidewire.panel";

export interface SidePanelProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function SidePanel({ title, onClose, children }: SidePanelProps) {
  const [width, setWidth] = useState(() => {
    const storedWidth = Number(readStored(WIDTH_KEY));
    return storedWidth > 0 ? widthWithin(storedWidth, WIDTHS) : WIDTHS.standard;
  });
  const panel = useRef<HTMLElement>(null);

  // Focuses the panel when it opens, and restores the focus when it closes.
  useEffect(() => {
    const before = document.activeElement;
    panel.current?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);

  return (
    <aside
      ref={panel}
      className={styles.panel}
      aria-label={title}
      data-resized=""
      style={{ "--width": `${width}px` } as CSSProperties}
      tabIndex={-1}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || isComposing(event) || event.defaultPrevented) return;
        event.preventDefault();
        onClose();
      }}
    >
      <ResizeHandle
        label={strings.panelWidth}
        side="end"
        widths={WIDTHS}
        width={width}
        setWidth={(next) => {
          setWidth(next);
          writeStored(WIDTH_KEY, String(next));
        }}
      />
      <header className={styles.head}>
        <h2 className="truncate" dir="auto">
          {title}
        </h2>
        <IconButton label={strings.close} onClick={onClose}>
          <CloseIcon />
        </IconButton>
      </header>
      <div className={styles.body}>{children}</div>
    </aside>
  );
}
