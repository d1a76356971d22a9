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

export type Act = keyof typeof STANDARD_KEYS;
export const ACTS = Object.keys(STANDARD_KEYS) as Act[];

/** In a browser, the browser handles these. */
const OF_WINDOW: readonly Act[] = ["closeWindow", "fullScreen", "quit"];

/** The actions available in a browser or in a window. */
export const actsIn = (isBrowser: boolean): readonly Act[] =>
  isBrowser ? ACTS.filter((act) => !OF_WINDOW.includes(act)) : ACTS;

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
export function keysFor(act: Act, chosen: Chosen, mac: boolean = isMac()): readonly string[] {
  return parseAll(chosen[act] ?? STANDARD_KEYS[act], mac);
}

/** The action of these keys. */
export function actOf(keys: string, chosen: Chosen, mac: boolean = isMac()): Act | null {
  return ACTS.find((act) => keysFor(act, chosen, mac).includes(keys)) ?? null;
}

/** The keyboard focus: in a field with text, in an empty field, or in none. */
export type Writing = "text" | "empty" | "nowhere";

/** The action of a key press. Keys that type go into a field; undo belongs to a field with text. */
export function pressed(
  event: Press,
  chosen: Chosen,
  writing: Writing,
  mac: boolean = isMac(),
): Act | null {
  const keys = keysOf(event, mac);
  const act = keys === null ? null : actOf(keys, chosen, mac);
  if (keys === null || act === null) return null;
  if (writing !== "nowhere" && types(keys)) return null;
  return act === "undo" && writing === "text" ? null : act;
}

export type Refusal = "plain" | "text" | "chat" | "system" | "taken";

/** Why an action cannot have these keys; null if it can. */
export function shortcutProblem(
  keys: string,
  act: Act,
  chosen: Chosen,
  mac: boolean = isMac(),
): Refusal | null {
  if (OF_SYSTEM.includes(keys)) return "system";
  if (OF_TEXT.includes(keys)) return "text";
  if (OF_CHAT.includes(keys)) return "chat";
  const isHeld = /^(Mod|Ctrl|Meta|Alt)\+/.test(keys);
  if ((!isHeld && !FUNCTION_KEY.test(keys)) || (mac && types(keys))) return "plain";
  const owner = actOf(keys, chosen, mac);
  return owner !== null && owner !== act ? "taken" : null;
}

/** Assigns keys to an action and takes them from any other. */
export function withKeys(act: Act, keys: string, chosen: Chosen, mac: boolean = isMac()): Chosen {
  const next: Record<string, string> = { ...chosen, [act]: keys };
  for (const other of ACTS) {
    if (other === act) continue;
    const had = keysFor(other, chosen, mac);
    if (had.includes(keys)) next[other] = had.filter((one) => one !== keys).join(" ");
  }
  return next;
}

/** Restores the default keys of an action, and takes them back from any other. */
export function withStandard(act: Act, chosen: Chosen, mac: boolean = isMac()): Chosen {
  let next = chosen;
  for (const keys of keysFor(act, {}, mac)) next = withKeys(act, keys, next, mac);
  const { [act]: _, ...others } = next;
  return others;
}

/** Without Ctrl or Cmd a character goes into the text. (On a Mac, Option types as well.) */
function types(keys: string): boolean {
  return !/(Mod|Ctrl|Meta)\+/.test(keys) && /(^|\+)(.|Space|Plus)$/u.test(keys);
}
