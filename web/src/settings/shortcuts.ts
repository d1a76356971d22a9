/** What can be done by keys from everywhere, by which, and which keys are not free. */
import { isMac, keysOf, type Press, parseAll } from "../lib/keyCombo";

/** Their keys as long as nobody has chosen others. Browsers keep Ctrl+N for themselves. */
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
} as const;

export type Act = keyof typeof STANDARD_KEYS;
export const ACTS = Object.keys(STANDARD_KEYS) as Act[];

/** In a browser, their keys are the browser's. */
const OF_WINDOW: readonly Act[] = ["closeWindow", "fullScreen", "quit"];

/** What can be done here, in a browser or in a window. */
export const actsIn = (isBrowser: boolean): readonly Act[] =>
  isBrowser ? ACTS.filter((act) => !OF_WINDOW.includes(act)) : ACTS;

/** What was chosen, by the name of the act; empty for no key. */
export type Chosen = Readonly<Record<string, string>>;

/** Text is worked on with these; they must go on meaning that. */
const OF_TEXT = ["Mod+A", "Mod+C", "Mod+V", "Mod+X", "Mod+Shift+V", "Mod+Shift+Z", "Mod+Y"];
const OF_CHAT = [
  ...["F2", "Shift+F10", "Mod+Enter"],
  ...["Mod+ArrowUp", "Mod+ArrowDown", "Alt+ArrowUp", "Alt+ArrowDown"],
];
/** The browser or the system takes these before the page hears of them. */
const OF_SYSTEM = [
  ...["Mod+W", "Mod+Q", "Mod+T", "Mod+R", "Mod+P", "Mod+Shift+T", "Mod+Shift+W", "Mod+Shift+R"],
  ...["Mod+Shift+I", "Mod+Plus", "Mod+-", "Mod+0", "Mod+=", "Alt+F4", "Mod+M", "Mod+H"],
  ...["F5", "F11", "F12", "Mod+F5", "Alt+ArrowLeft", "Alt+ArrowRight", "Mod+Tab", "Alt+Tab"],
];
const FUNCTION_KEY = /^(Shift\+)?F([1-9]|1\d|2[0-4])$/;

/** The combinations for an act. */
export function keysFor(act: Act, chosen: Chosen, mac: boolean = isMac()): readonly string[] {
  return parseAll(chosen[act] ?? STANDARD_KEYS[act], mac);
}

/** The act that these keys stand for. */
export function actOf(keys: string, chosen: Chosen, mac: boolean = isMac()): Act | null {
  return ACTS.find((act) => keysFor(act, chosen, mac).includes(keys)) ?? null;
}

/** Where the keyboard is: in a field with text in it, in an empty one, or in none. */
export type Writing = "text" | "empty" | "nowhere";

/** What a press stands for. What types goes into a field; undo is the text's, where there is one. */
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

/** Why these keys cannot stand for that; null when they can. */
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

/** With these keys for an act; whoever had them has them no more. */
export function withKeys(act: Act, keys: string, chosen: Chosen, mac: boolean = isMac()): Chosen {
  const next: Record<string, string> = { ...chosen, [act]: keys };
  for (const other of ACTS) {
    if (other === act) continue;
    const had = keysFor(other, chosen, mac);
    if (had.includes(keys)) next[other] = had.filter((one) => one !== keys).join(" ");
  }
  return next;
}

/** With what it had at first. Somebody else may have that meanwhile: then it is taken back. */
export function withStandard(act: Act, chosen: Chosen, mac: boolean = isMac()): Chosen {
  let next = chosen;
  for (const keys of keysFor(act, {}, mac)) next = withKeys(act, keys, next, mac);
  const { [act]: _, ...others } = next;
  return others;
}

/** Without Ctrl or Cmd a sign goes into the text. (Option types on a Mac, too.) */
function types(keys: string): boolean {
  return !/(Mod|Ctrl|Meta)\+/.test(keys) && /(^|\+)(.|Space|Plus)$/u.test(keys);
}
