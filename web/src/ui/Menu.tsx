/** A button that opens a list of actions. */
import type { ReactNode } from "react";
import { moveFocus } from "../lib/listKeys";
import { IconButton } from "./IconButton";
import { Popover } from "./Popover";
import styles from "./Popover.module.css";

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

export function Menu({ label, icon, items, className, tabIndex = 0 }: MenuProps) {
  return (
    <Popover
      role="menu"
      aria-label={label}
      button={(props) => (
        <IconButton {...props} className={className} label={label} tabIndex={tabIndex}>
          {icon}
        </IconButton>
      )}
    >
      {(close) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: the arrows go from item to item
        <div
          className={styles.menu}
          role="presentation"
          onKeyDown={(event) =>
            moveFocus(event, event.currentTarget.querySelectorAll("button"), { wraps: true })
          }
        >
          {items.map(({ label: text, run, isDestructive = false }) => (
            <button
              key={text}
              type="button"
              role="menuitem"
              className={`row-button ${isDestructive ? styles.destructive : ""}`}
              onClick={() => {
                close();
                run();
              }}
            >
              {text}
            </button>
          ))}
        </div>
      )}
    </Popover>
  );
}
