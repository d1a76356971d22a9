/** Whether a key belongs to an input method, which is still making a word of it. */
import type { KeyboardEvent as ReactKeyboardEvent } from "react";

/** What browsers give a key that an input method has taken. */
const TAKEN = 229;

/**
 * Chromium and Firefox send the Enter that ends a word while they compose; WebKit ends the
 * composition first, and sends its Enter afterwards, marked by its code alone.
 */
export function isComposing(event: KeyboardEvent | ReactKeyboardEvent): boolean {
  const key = "nativeEvent" in event ? event.nativeEvent : event;
  return key.isComposing || key.keyCode === TAKEN;
}
