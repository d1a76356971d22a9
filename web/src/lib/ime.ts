/** Whether a key event belongs to an input method that is still composing. */
import type { KeyboardEvent as ReactKeyboardEvent } from "react";

/** The key code that browsers report for keys handled by an input method. */
const IME_KEY_CODE = 229;

/**
 * Chromium and Firefox send the Enter that ends a word during composition; WebKit sends it after the
 * end of the composition, recognizable by its key code alone.
 */
export function isComposing(event: KeyboardEvent | ReactKeyboardEvent): boolean {
  const key = "nativeEvent" in event ? event.nativeEvent : event;
  return key.isComposing || key.keyCode === IME_KEY_CODE;
}
