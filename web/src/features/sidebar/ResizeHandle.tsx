/** The sidebar's edge, by which it is made wider or narrower. */
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { strings } from "../../i18n";
import { isMirrored } from "../../lib/direction";
import styles from "./ResizeHandle.module.css";
import { type SidebarState, WIDTHS, widthWithin } from "./useSidebar";

/** How far one press of an arrow moves it. */
const STEP_PX = 16;

export type ResizeHandleProps = Pick<SidebarState, "width" | "setWidth">;

export function ResizeHandle({ width, setWidth }: ResizeHandleProps) {
  const from = useRef<{ readonly x: number; readonly width: number } | null>(null);
  /** While it is dragged, the width goes to the style alone: the page is rendered once, at the end. */
  const dragged = useRef<number | null>(null);
  const side = useRef<HTMLDivElement>(null);

  /** Which way makes it wider. */
  const sign = () => (side.current !== null && isMirrored(side.current) ? -1 : 1);

  function onPointerDown(event: PointerEvent<HTMLDivElement>): void {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    from.current = { x: event.clientX, width };
  }

  function onPointerMove(event: PointerEvent): void {
    if (from.current === null) return;
    dragged.current = widthWithin(from.current.width + sign() * (event.clientX - from.current.x));
    const resized = side.current?.closest<HTMLElement>("[data-resized]");
    resized?.style.setProperty("--sidebar-width", `${dragged.current}px`);
  }

  function onDragEnd(): void {
    if (dragged.current !== null) setWidth(dragged.current);
    from.current = null;
    dragged.current = null;
  }

  function onKeyDown(event: KeyboardEvent): void {
    const step = sign() * STEP_PX;
    const next = {
      ArrowRight: width + step,
      ArrowLeft: width - step,
      Home: WIDTHS.least,
      End: WIDTHS.most,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setWidth(next);
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that is moved is no <hr>
    <div
      ref={side}
      className={styles.edge}
      role="separator"
      aria-label={strings.sidebarWidth}
      aria-orientation="vertical"
      aria-valuenow={width}
      aria-valuemin={WIDTHS.least}
      aria-valuemax={WIDTHS.most}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onDragEnd}
      onPointerCancel={onDragEnd}
      onDoubleClick={() => setWidth(WIDTHS.standard)}
      onKeyDown={onKeyDown}
    />
  );
}
