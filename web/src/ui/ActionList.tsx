/**
 * A row of actions with one tab stop, a toolbar. Those that have no room are in the menu at its end. They
 * stay in the row, on a second line that is cut off: the row asks for as much room as all of them need,
 * and nothing moves when its menu changes.
 */
import { type ReactNode, useEffect, useRef, useState } from "react";
import { strings } from "../i18n";
import styles from "./ActionList.module.css";
import buttons from "./buttons.module.css";
import { IconButton } from "./IconButton";
import { MoreIcon } from "./icons";
import { Menu, type MenuItem, MenuItems } from "./Menu";
import { useRovingFocus } from "./useRovingFocus";

export interface Action extends Omit<MenuItem, "run"> {
  readonly icon: ReactNode;
  readonly run?: () => void;
  /** The items that it opens, instead of `run`. */
  readonly menu?: ReactNode;
  /** For the row's main action: its label is shown, too. */
  readonly showsLabel?: boolean;
  /** For an action that is on or off. */
  readonly isPressed?: boolean;
}

export interface ActionListProps {
  readonly label: string;
  readonly actions: readonly Action[];
  /** The name and the own items of the menu at the end. */
  readonly more?: { readonly label: string; readonly menu: ReactNode } | null;
  readonly className?: string;
  /** Always shown, between the actions and the menu. */
  readonly children?: ReactNode;
}

export function ActionList({ label, actions, more, className = "", children }: ActionListProps) {
  const bar = useRef<HTMLDivElement>(null);
  const roving = useRovingFocus(bar);
  const [fitting, setFitting] = useState(Infinity);
  const content = actions.map((action) => action.label).join("\n");
  const hasMenu = more != null;

  // biome-ignore lint/correctness/useExhaustiveDependencies: other actions have other widths
  useEffect(() => {
    const element = bar.current;
    if (element === null) return;
    // It calls back at once, but not for rows far from the view, which have no layout.
    const observer = new ResizeObserver(() => setFitting(countFitting(element, hasMenu)));
    observer.observe(element);
    return () => observer.disconnect();
  }, [content, hasMenu]);

  const others = actions.slice(fitting);
  return (
    <div
      ref={bar}
      className={`${styles.bar} ${className}`}
      role="toolbar"
      aria-label={label}
      {...roving}
    >
      {actions.map((action, place) => (
        <span key={action.id ?? action.label} data-action="" inert={place >= fitting}>
          <ActionButton action={action} />
        </span>
      ))}
      {children}
      {(hasMenu || others.length > 0) && (
        <span data-more="">
          <Menu size="medium" label={more?.label ?? strings.moreActions} icon={<MoreIcon />}>
            {others.map((action) => (
              <MenuPart key={action.id ?? action.label} action={action} />
            ))}
            {more && others.length > 0 && <hr />}
            {more?.menu}
          </Menu>
        </span>
      )}
    </div>
  );
}

function ActionButton({ action }: { readonly action: Action }) {
  const { label, icon, run, menu, showsLabel, isPressed, keys } = action;
  if (menu !== undefined) {
    return (
      <Menu size="medium" label={label} icon={icon}>
        {menu}
      </Menu>
    );
  }
  if (!showsLabel) {
    return (
      <IconButton size="medium" label={label} keys={keys} aria-pressed={isPressed} onClick={run}>
        {icon}
      </IconButton>
    );
  }
  return (
    <button type="button" className={buttons.pill} onClick={run}>
      {icon}
      {label}
    </button>
  );
}

function MenuPart({ action: { menu, run, ...item } }: { readonly action: Action }) {
  return menu ?? (run && <MenuItems items={[{ ...item, run }]} />);
}

/** Counts the actions that fit beside the fixed content. The menu is as wide as the row is high. */
function countFitting(bar: HTMLElement, hasMenu: boolean): number {
  const gap = Number.parseFloat(getComputedStyle(bar).columnGap) || 0;
  const menu = bar.clientHeight + gap;
  const widths: number[] = [];
  // Half a pixel is rounding.
  let room = bar.getBoundingClientRect().width + gap + 0.5;
  for (const child of bar.children) {
    const width = child.getBoundingClientRect().width + gap;
    if (child.matches("[data-action]")) widths.push(width);
    else if (!child.matches("[data-more]")) room -= width;
  }
  const all = widths.reduce((sum, width) => sum + width, 0);
  if (all + (hasMenu ? menu : 0) <= room) return Infinity;
  let needed = menu;
  return widths.findIndex((width) => {
    needed += width;
    return needed > room;
  });
}
