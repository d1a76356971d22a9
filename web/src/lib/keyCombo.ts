/**
 * Parses, normalizes and displays key combinations such as "Mod+Shift+N". A key is identified by what
 * it types, wherever it is: Ctrl+Z is where Z is printed. Letters keep Shift; other characters include
 * it ("?" is "?" on every keyboard). Keys that type no Latin character (Cyrillic, a dead key, Option on
 * a Mac) are identified by their position. "Mod" is Cmd on a Mac and Ctrl elsewhere.
 */

/** The fields of a key event that matter; a `KeyboardEvent`, or React's. */
export type Press = Readonly<
  Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">
>;

const MODIFIERS = ["Mod", "Ctrl", "Meta", "Alt", "Shift"] as const;
/** Accepted names of modifiers, with the modifier that each means on a Mac and elsewhere. */
const MODIFIER_NAMES: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["mod", ["Mod", "Mod"]],
  ["cmd", ["Mod", "Meta"]],
  ["meta", ["Mod", "Meta"]],
  ["ctrl", ["Ctrl", "Mod"]],
  ["control", ["Ctrl", "Mod"]],
  ["alt", ["Alt", "Alt"]],
  ["option", ["Alt", "Alt"]],
  ["shift", ["Shift", "Shift"]],
]);
const SIGNS: Readonly<Record<string, string>> = {
  Backquote: "`",
  Backslash: "\\",
  BracketLeft: "[",
  BracketRight: "]",
  Comma: ",",
  Equal: "=",
  Minus: "-",
  Period: ".",
  Quote: "'",
  Semicolon: ";",
  Slash: "/",
};
/** Labels that are printed on keys or are the same in every language. */
const KEY_LABELS: Readonly<Record<string, string>> = {
  ArrowDown: "↓",
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  Escape: "Esc",
  Plus: "+",
};
const MAC_SYMBOLS = { Mod: "⌘", Ctrl: "⌃", Meta: "⌘", Alt: "⌥", Shift: "⇧" };
/** Modifier keys, which mean nothing alone. */
const MODIFIER_KEYS = new Set(["Control", "Shift", "Alt", "AltGraph", "Meta", "OS", "CapsLock"]);

export function isMac(page: Window = window): boolean {
  return /^(Mac|iP)/.test(page.navigator.platform);
}

/** The combination as it is stored; null while only modifiers are pressed. */
export function keysOf(event: Press, mac: boolean = isMac()): string | null {
  const name = keyNameOf(event);
  if (name === null) return null;
  const isSign = name === "Plus" || (name.length === 1 && !/[A-Z0-9]/.test(name));
  const parts: string[] = [];
  if (mac ? event.metaKey : event.ctrlKey) parts.push("Mod");
  if (mac && event.ctrlKey) parts.push("Ctrl");
  if (!mac && event.metaKey) parts.push("Meta");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && !isSign) parts.push("Shift");
  return [...parts, name].join("+");
}

/** Normalizes a combination; null if it is invalid. */
export function parseKeys(text: string, mac: boolean = isMac()): string | null {
  const words = text.trim().split("+");
  const last = words.pop()?.trim() ?? "";
  if (last === "") return null;
  const modifiers = new Set<string>();
  for (const word of words) {
    const [onMac, elsewhere] = MODIFIER_NAMES.get(word.trim().toLowerCase()) ?? [];
    const known = mac ? onMac : elsewhere;
    if (known === undefined) return null;
    modifiers.add(known);
  }
  const name = last.length === 1 ? last.toUpperCase() : capital(last);
  if (name.length > 1 && !/^[A-Z][A-Za-z0-9]*$/.test(name)) return null;
  return [...MODIFIERS.filter((modifier) => modifiers.has(modifier)), name].join("+");
}

/** Parses combinations separated by spaces; invalid ones are omitted. */
export function parseAll(text: string, mac: boolean = isMac()): readonly string[] {
  return text
    .split(/\s+/)
    .map((combination) => parseKeys(combination, mac))
    .filter((combination) => combination !== null);
}

/** The names of keys in the page's language. */
export interface KeyNames {
  readonly ctrl: string;
  readonly shift: string;
  readonly alt: string;
  readonly others: Readonly<Record<string, string>>;
}

/** For display: the keys to hold and press, one by one. */
export function keyLabels(keys: string, names: KeyNames, mac: boolean = isMac()): string[] {
  const { ctrl, shift, alt, others } = names;
  const modifiers = mac ? MAC_SYMBOLS : { Mod: ctrl, Ctrl: ctrl, Alt: alt, Shift: shift };
  const shown: Readonly<Record<string, string>> = { ...KEY_LABELS, ...others, ...modifiers };
  return keys.split("+").map((part) => shown[part] ?? part);
}

function keyNameOf({ key, code }: Press): string | null {
  if (MODIFIER_KEYS.has(key)) return null;
  if (key === " ") return "Space";
  if (key === "+") return "Plus";
  if (/^[!-~]$/.test(key)) return key.toUpperCase();
  if (key.length > 1 && key !== "Dead" && key !== "Unidentified") return capital(key);
  const [, letter, digit] = /^(?:Key([A-Z])|Digit(\d))$/.exec(code) ?? [];
  return letter ?? digit ?? SIGNS[code] ?? null;
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
