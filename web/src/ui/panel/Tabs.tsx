/** A list of tabs and the panel of the open one. One tab stop; the arrow keys move inside and open. */
import { type KeyboardEvent, type ReactNode, useId } from "react";
import { moveFocus } from "../../lib/listKeys";

export interface TabsProps<T> {
  readonly label: string;
  readonly tabs: readonly (readonly [tab: T, title: ReactNode])[];
  /** The arrow keys to use. */
  readonly axis: "inline" | "both";
  readonly shown: T;
  readonly onShow: (tab: T) => void;
  readonly listClass: string | undefined;
  readonly tabClass?: string;
  readonly panelClass: string | undefined;
  /** The content of the open tab. */
  readonly children: ReactNode;
}

export function Tabs<T extends string | number>(props: TabsProps<T>) {
  const { label, tabs, axis, shown, onShow, listClass, tabClass, panelClass, children } = props;
  const id = useId();

  function onKeyDown(event: KeyboardEvent): void {
    const buttons = event.currentTarget.querySelectorAll("button");
    const next = moveFocus(event, buttons, { axis, wraps: true });
    const found = next === null ? undefined : tabs[next];
    if (found !== undefined) onShow(found[0]);
  }

  return (
    <>
      <div className={listClass} role="tablist" aria-label={label} onKeyDown={onKeyDown}>
        {tabs.map(([tab, title]) => (
          <button
            key={tab}
            type="button"
            className={tabClass}
            id={`${id}-${tab}`}
            role="tab"
            aria-selected={tab === shown}
            aria-controls={tab === shown ? `${id}-panel` : undefined}
            tabIndex={tab === shown ? 0 : -1}
            onClick={() => onShow(tab)}
          >
            {title}
          </button>
        ))}
      </div>
      <div
        id={`${id}-panel`}
        className={panelClass}
        role="tabpanel"
        aria-labelledby={`${id}-${shown}`}
      >
        {children}
      </div>
    </>
  );
}
