/** Keys are identified by what they type; chosen keys override defaults, reserved ones are refused. */
import { describe, expect, it } from "vitest";
import { keyLabels, keysOf, type Press, parseAll, parseKeys } from "../src/lib/keyCombo";
import {
  actionOf,
  keysFor,
  pressedAction,
  SHORTCUT_ACTIONS,
  STANDARD_KEYS,
  shortcutProblem,
  withKeys,
  withStandard,
} from "../src/settings/shortcuts";

const press = (key: string, code: string, ...modifiers: string[]): Press => ({
  key,
  code,
  ctrlKey: modifiers.includes("ctrl"),
  metaKey: modifiers.includes("meta"),
  altKey: modifiers.includes("alt"),
  shiftKey: modifiers.includes("shift"),
});
const ctrl = (key: string, code: string, ...modifiers: string[]) =>
  press(key, code, "ctrl", ...modifiers);

describe("a press", () => {
  it.each([
    ["a letter", ctrl("k", "KeyK"), "Mod+K"],
    ["with caps lock", ctrl("K", "KeyK"), "Mod+K"],
    ["with Shift", ctrl("N", "KeyN", "shift"), "Mod+Shift+N"],
    ["the Z of a German keyboard", ctrl("z", "KeyY"), "Mod+Z"],
    ["the slash of a German keyboard", ctrl("/", "Digit7", "shift"), "Mod+/"],
    ["a Cyrillic letter", ctrl("л", "KeyK"), "Mod+K"],
    ["a dead key", ctrl("Dead", "BracketLeft"), "Mod+["],
    ["plus", ctrl("+", "Equal", "shift"), "Mod+Plus"],
    ["a named key", press("F9", "F9"), "F9"],
    ["an event of a machine without a key", ctrl("", "KeyN"), "Mod+N"],
    ["a modifier alone", ctrl("Control", "ControlLeft"), null],
  ])("%s", (_, event, keys) => expect(keysOf(event, false)).toBe(keys));

  it("has Cmd for Ctrl on a Mac, and Option by its place", () => {
    expect(keysOf(press("k", "KeyK", "meta"), true)).toBe("Mod+K");
    expect(keysOf(press("k", "KeyK", "ctrl"), true)).toBe("Ctrl+K");
    expect(keysOf(press("˚", "KeyK", "meta", "alt"), true)).toBe("Mod+Alt+K");
  });
});

describe("a written combination", () => {
  it.each([
    ["ctrl + shift+n", "Mod+Shift+N"],
    ["Shift+Mod+n", "Mod+Shift+N"],
    ["Cmd+K", "Meta+K"],
    ["Mod+,", "Mod+,"],
    ["f9", "F9"],
    ["", null],
    ["Mod+", null],
    ["Hyper+K", null],
    ["Mod+<script>", null],
  ])("%s", (text, keys) => expect(parseKeys(text, false)).toBe(keys));

  it("may be one of several; invalid ones are left out", () => {
    expect(parseAll("Mod+N  Hyper+X Ctrl+Shift+O", false)).toEqual(["Mod+N", "Mod+Shift+O"]);
    expect(parseAll("", false)).toEqual([]);
  });

  it("is shown as people call it", () => {
    const names = { ctrl: "Strg", shift: "Umschalt", alt: "Alt", others: { Space: "Leertaste" } };
    expect(keyLabels("Mod+Shift+Space", names, false)).toEqual(["Strg", "Umschalt", "Leertaste"]);
    expect(keyLabels("Mod+Alt+K", names, true)).toEqual(["⌘", "⌥", "K"]);
  });
});

describe("an act", () => {
  it("has keys of its own at first, no two the same", () => {
    for (const mac of [true, false]) {
      const all = SHORTCUT_ACTIONS.flatMap((act) => keysFor(act, {}, mac));
      expect(new Set(all).size).toBe(all.length);
      expect(all.length).toBe(Object.values(STANDARD_KEYS).join(" ").split(" ").length);
    }
  });

  it("has those that were chosen, or none", () => {
    const chosen = { search: "Ctrl+J", sidebar: "" };
    expect(actionOf("Mod+J", chosen, false)).toBe("search");
    expect(actionOf("Mod+K", chosen, false)).toBeNull();
    expect(actionOf("Mod+B", chosen, false)).toBeNull();
  });

  it("leaves typing to a field, and undo to a field with text", () => {
    const question = press("?", "Minus", "shift");
    expect(pressedAction(question, {}, "nowhere", false)).toBe("shortcuts");
    expect(pressedAction(question, {}, "empty", false)).toBeNull();
    const undo = ctrl("z", "KeyZ");
    expect(pressedAction(undo, {}, "empty", false)).toBe("undo");
    expect(pressedAction(undo, {}, "text", false)).toBeNull();
    expect(pressedAction(ctrl("k", "KeyK"), {}, "text", false)).toBe("search");
  });

  it.each([
    ["Mod+C", "text"],
    ["Mod+W", "system"],
    ["Mod+Enter", "chat"],
    ["K", "plain"],
    ["Shift+K", "plain"],
    ["Escape", "plain"],
    ["Mod+K", "taken"],
    ["Mod+B", null],
    ["Mod+J", null],
    ["F9", null],
    ["Alt+J", null],
  ])("as %s is %s", (keys, refusal) =>
    expect(shortcutProblem(keys, "sidebar", {}, false)).toBe(refusal),
  );

  it.each([
    ["Mod+W", "closeWindow"],
    ["F11", "fullScreen"],
    ["?", "shortcuts"],
  ] as const)("can have %s back, its own: %s", (keys, action) => {
    const chosen = { [action]: "Mod+J" };
    expect(shortcutProblem(keys, action, chosen, false)).toBeNull();
    expect(shortcutProblem(keys, action, { ...chosen, sidebar: keys }, false)).toBe("taken");
  });

  it("takes keys from another action, which keeps its others", () => {
    const chosen = withKeys("search", "Mod+N", {}, false);
    expect(keysFor("search", chosen, false)).toEqual(["Mod+N"]);
    expect(keysFor("newChat", chosen, false)).toEqual(["Mod+Shift+O"]);
    const back = withStandard("newChat", chosen, false);
    expect(keysFor("newChat", back, false)).toEqual(["Mod+N", "Mod+Shift+O"]);
    expect(keysFor("search", back, false)).toEqual([]);
  });
});
