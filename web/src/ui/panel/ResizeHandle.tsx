/** The edge of what stands beside the chat, by which that is made wider or narrower. */
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { isMirrored } from "../../lib/direction";
import styles from "./ResizeHandle.module.css";

/** How far one press of an arrow moves it. */
const STEP_PX = 16;

/** In CSS pixels. */
export interface Widths {
  readonly least: number;
  readonly standard: number;
  readonly most: number;
}

export const widthWithin = (wanted: number, { least, most }: Widths): number =>
  Math.round(Math.min(most, Math.max(least, wanted)));

export interface ResizeHandleProps {
  readonly label: string;
  /** On which side of the chat it stands: its edge is the one towards the chat. */
  readonly side: "start" | "end";
  readonly widths: Widths;
  readonly width: number;
  readonly setWidth: (width: number) => void;
}

export function ResizeHandle({ label, side, widths, width, setWidth }: ResizeHandleProps) {
  const from = useRef<{ readonly x: number; readonly width: number } | null>(null);
  /** While it is dragged, the width goes to the style alone: the page is rendered once, at the end. */
  const dragged = useRef<number | null>(null);
  const edge = useRef<HTMLDivElement>(null);

  /** Which way makes it wider. */
  const sign = () =>
    (edge.current !== null && isMirrored(edge.current)) === (side === "start") ? -1 : 1;

  function onPointerDown(event: PointerEvent<HTMLDivElement>): void {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    from.current = { x: event.clientX, width };
  }

  function onPointerMove(event: PointerEvent): void {
    if (from.current === null) return;
    dragged.current = widthWithin(
      from.current.width + sign() * (event.clientX - from.current.x),
      widths,
    );
    const resized = edge.current?.closest<HTMLElement>("[data-resized]");
    resized?.style.setProperty("--width", `${dragged.current}px`);
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
      Home: widths.least,
      End: widths.most,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    setWidth(widthWithin(next, widths));
  }

  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that is moved is no <hr>
    <div
      ref={edge}
      className={styles.edge}
      data-side={side}
      role="separator"
      aria-label={label}
      aria-orientation="vertical"
      aria-valuenow={width}
      aria-valuemin={widths.least}
      aria-valuemax={widths.most}
      tabIndex={0}
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onDragEnd}
      onPointerCancel={onDragEnd}
      onDoubleClick={() => setWidth(widths.standard)}
      onKeyDown={onKeyDown}
    />
  );
}
