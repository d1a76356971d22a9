/** Handles the keyboard shortcuts that work everywhere on the page. */
import { useEffect, useRef } from "react";
import { isComposing } from "../../lib/ime";
import { isCovered } from "../../lib/overlays";
import { type FieldFocus, pressedAction, type ShortcutAction } from "../../settings/shortcuts";
import { useSettingsState } from "../../settings/useSettings";

/** The handler of each shortcut. If it returns false, the key keeps its usual meaning. */
export type Shortcuts = Readonly<Record<ShortcutAction, () => unknown>>;

const NONE = {};

export function useShortcuts(shortcuts: Shortcuts): void {
  const { preferences } = useSettingsState();
  const chosen = preferences?.shortcuts ?? NONE;
  const latest = useRef({ shortcuts, chosen });
  useEffect(() => {
    latest.current = { shortcuts, chosen };
  });
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (event.repeat || isComposing(event) || event.defaultPrevented) return;
      // AltGr looks like Ctrl + Alt but types text; a dialog over the page has keys of its own.
      if (event.getModifierState("AltGraph") || isCovered()) return;
      const action = pressedAction(event, latest.current.chosen, focusedField());
      if (action === null) return;
      if (latest.current.shortcuts[action]() !== false) event.preventDefault();
    }
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}

function focusedField(): FieldFocus {
  const { activeElement: field } = document;
  if (field instanceof HTMLTextAreaElement) return field.value === "" ? "empty" : "text";
  return field instanceof HTMLInputElement ? "text" : "nowhere";
}
