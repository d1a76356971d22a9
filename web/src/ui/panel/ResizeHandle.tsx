/** The edge of a panel beside the chat, which resizes it. */
import { type KeyboardEvent, type PointerEvent, useRef } from "react";
import { isMirrored } from "../../lib/direction";
import styles from "./ResizeHandle.module.css";

/** Pixels per press of an arrow key. */
const STEP_PX = 16;

/** In CSS pixels. */
export interface Widths {
  readonly least: number;
  readonly standard: number;
  readonly most: number;
}

export const widthWithin = (width: number, { least, most }: Widths): number =>
  Math.round(Math.min(most, Math.max(least, width)));

export interface ResizeHandleProps {
  readonly label: string;
  /** The side of the chat; the handle is at the edge towards the chat. */
  readonly side: "start" | "end";
  readonly widths: Widths;
  readonly width: number;
  readonly setWidth: (width: number) => void;
}

export function ResizeHandle({ label, side, widths, width, setWidth }: ResizeHandleProps) {
  const from = useRef<{ readonly x: number; readonly width: number } | null>(null);
  /** During a drag only the style changes: the page renders once, at the end. */
  const dragged = useRef<number | null>(null);
  const edge = useRef<HTMLDivElement>(null);

  /** The direction that makes it wider. */
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
    // biome-ignore lint/a11y/useSemanticElements: a movable separator is no <hr>
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
