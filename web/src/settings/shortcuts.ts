/** The keyboard shortcuts: actions, their keys, and reserved keys. */
import { isMac, keysOf, type Press, parseAll } from "../lib/keyCombo";

/** The default keys. Browsers reserve Ctrl+N. */
export const STANDARD_KEYS = {
  newChat: "Mod+N Mod+Shift+O",
  newWindow: "Mod+Shift+N",
  search: "Mod+K",
  sidebar: "Mod+B",
  models: "Mod+Shift+M",
  settings: "Mod+,",
  shortcuts: "Mod+/ ?",
  undo: "Mod+Z",
  find: "Mod+F",
  closeWindow: "Mod+W",
  fullScreen: "F11",
  quit: "Mod+Q",
  decision: "Mod+Shift+E",
  request: "Mod+Shift+L",
} as const;

export type ShortcutAction = keyof typeof STANDARD_KEYS;
export const SHORTCUT_ACTIONS = Object.keys(STANDARD_KEYS) as ShortcutAction[];

/** In a browser, the browser handles these. */
const OF_WINDOW: readonly ShortcutAction[] = ["closeWindow", "fullScreen", "quit"];

/** The actions available in a browser or in a window. */
export const shortcutActionsIn = (isBrowser: boolean): readonly ShortcutAction[] =>
  isBrowser ? SHORTCUT_ACTIONS.filter((action) => !OF_WINDOW.includes(action)) : SHORTCUT_ACTIONS;

/** The chosen keys by action; empty for no key. */
export type Chosen = Readonly<Record<string, string>>;

/** Keys for editing text, which must keep their meaning. */
const OF_TEXT = ["Mod+A", "Mod+C", "Mod+V", "Mod+X", "Mod+Shift+V", "Mod+Shift+Z", "Mod+Y"];
const OF_CHAT = [
  ...["F2", "Shift+F10", "Mod+Enter"],
  ...["Mod+ArrowUp", "Mod+ArrowDown", "Alt+ArrowUp", "Alt+ArrowDown"],
];
/** Keys that the browser or the system takes before the page. */
const OF_SYSTEM = [
  ...["Mod+W", "Mod+Q", "Mod+T", "Mod+R", "Mod+P", "Mod+Shift+T", "Mod+Shift+W", "Mod+Shift+R"],
  ...["Mod+Shift+I", "Mod+Plus", "Mod+-", "Mod+0", "Mod+=", "Alt+F4", "Mod+M", "Mod+H"],
  ...["F5", "F11", "F12", "Mod+F5", "Alt+ArrowLeft", "Alt+ArrowRight", "Mod+Tab", "Alt+Tab"],
];
const FUNCTION_KEY = /^(Shift\+)?F([1-9]|1\d|2[0-4])$/;

/** The combinations of an action. */
export function keysFor(action: ShortcutAction, chosen: Chosen, mac = isMac()): readonly string[] {
  return parseAll(chosen[action] ?? STANDARD_KEYS[action], mac);
}

/** The action of these keys. */
export function actionOf(keys: string, chosen: Chosen, mac = isMac()): ShortcutAction | null {
  return SHORTCUT_ACTIONS.find((action) => keysFor(action, chosen, mac).includes(keys)) ?? null;
}

/** The keyboard focus: in a field with text, in an empty field, or in none. */
export type FieldFocus = "text" | "empty" | "nowhere";

/** The action of a key press. Keys that type go into a field; undo belongs to a field with text. */
export function pressedAction(
  event: Press,
  chosen: Chosen,
  focus: FieldFocus,
  mac = isMac(),
): ShortcutAction | null {
  const keys = keysOf(event, mac);
  const action = keys === null ? null : actionOf(keys, chosen, mac);
  if (keys === null || action === null) return null;
  if (focus !== "nowhere" && types(keys)) return null;
  return action === "undo" && focus === "text" ? null : action;
}

export type Refusal = "plain" | "text" | "chat" | "system" | "taken";

/** Why an action cannot have these keys; null if it can. */
export function shortcutProblem(
  keys: string,
  action: ShortcutAction,
  chosen: Chosen,
  mac = isMac(),
): Refusal | null {
  // Its own default is available, also if the system would take it in a browser.
  if (!keysFor(action, {}, mac).includes(keys)) {
    if (OF_SYSTEM.includes(keys)) return "system";
    if (OF_TEXT.includes(keys)) return "text";
    if (OF_CHAT.includes(keys)) return "chat";
    const hasModifier = /^(Mod|Ctrl|Meta|Alt)\+/.test(keys);
    if ((!hasModifier && !FUNCTION_KEY.test(keys)) || (mac && types(keys))) return "plain";
  }
  const owner = actionOf(keys, chosen, mac);
  return owner !== null && owner !== action ? "taken" : null;
}

/** Assigns keys to an action and takes them from any other. */
export function withKeys(
  action: ShortcutAction,
  keys: string,
  chosen: Chosen,
  mac = isMac(),
): Chosen {
  const next: Record<string, string> = { ...chosen, [action]: keys };
  for (const other of SHORTCUT_ACTIONS) {
    if (other === action) continue;
    const otherKeys = keysFor(other, chosen, mac);
    if (otherKeys.includes(keys)) next[other] = otherKeys.filter((item) => item !== keys).join(" ");
  }
  return next;
}

/** Restores the default keys of an action, and takes them back from any other. */
export function withStandard(action: ShortcutAction, chosen: Chosen, mac = isMac()): Chosen {
  let next = chosen;
  for (const keys of keysFor(action, {}, mac)) next = withKeys(action, keys, next, mac);
  const { [action]: _, ...others } = next;
  return others;
}

/** Without Ctrl or Cmd a character goes into the text. (On a Mac, Option types as well.) */
function types(keys: string): boolean {
  return !/(Mod|Ctrl|Meta)\+/.test(keys) && /(^|\+)(.|Space|Plus)$/u.test(keys);
}
