/** A button that opens a list of actions. */
import { createContext, Fragment, type ReactNode, useContext } from "react";
import { moveFocus } from "../lib/listKeys";
import { IconButton } from "./IconButton";
import { KeyCombo } from "./KeyCombo";
import { Popover } from "./Popover";
import styles from "./Popover.module.css";

export interface MenuItem {
  readonly label: string;
  /** Where several items may have one label, or a label changes: the item keeps its place and the focus. */
  readonly id?: string;
  readonly run: () => void;
  readonly isDestructive?: boolean;
  readonly icon?: ReactNode;
  /** The keys for the same action. */
  readonly keys?: string | undefined;
  /** A line separates it from the item before. */
  readonly isApart?: boolean;
}

export interface MenuProps {
  readonly label: string;
  readonly icon: ReactNode;
  readonly items?: readonly MenuItem[];
  readonly className?: string | undefined;
  readonly tabIndex?: number;
  readonly size?: "small" | "medium";
  /** `MenuItems` that follow `items`. */
  readonly children?: ReactNode;
}

const CloseContext = createContext(() => {});

export function Menu(props: MenuProps) {
  const { label, icon, items = [], className, tabIndex = 0, size, children } = props;
  return (
    <Popover
      role="menu"
      aria-label={label}
      button={(props) => (
        <IconButton {...props} {...{ size, className, label, tabIndex }}>
          {icon}
        </IconButton>
      )}
    >
      {(close) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: the arrow keys move from item to item
        <div
          className={styles.menu}
          role="presentation"
          onKeyDown={(event) =>
            moveFocus(event, event.currentTarget.querySelectorAll("button"), { wraps: true })
          }
        >
          <CloseContext value={close}>
            <MenuItems items={items} />
            {children}
          </CloseContext>
        </div>
      )}
    </Popover>
  );
}

export function MenuItems({ items }: Required<Pick<MenuProps, "items">>) {
  const close = useContext(CloseContext);
  return items.map(
    ({ label: text, id = text, run, isDestructive = false, icon: own, keys, isApart }) => (
      <Fragment key={id}>
        {isApart && <hr />}
        <button
          type="button"
          role="menuitem"
          className={`row-button ${isDestructive ? styles.destructive : ""}`}
          onClick={() => {
            close();
            run();
          }}
        >
          {own}
          {text}
          {keys !== undefined && keys !== "" && (
            <span className={styles.hint} aria-hidden="true">
              <KeyCombo keys={keys.split(" ")[0] ?? ""} />
            </span>
          )}
        </button>
      </Fragment>
    ),
  );
}
