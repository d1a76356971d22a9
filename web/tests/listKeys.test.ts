/** Keyboard navigation, which is the same in every list. */
import { expect, it } from "vitest";
import { type ListOptions, moveFocus, placeOf } from "../src/lib/listKeys";

function press(key: string, direction = "ltr") {
  const list = document.createElement("div");
  list.style.direction = direction;
  document.body.append(list);
  let isOwn = false;
  const event = { key, currentTarget: list, preventDefault: () => (isOwn = true) };
  return { event, list, isOwn: () => isOwn };
}

it.each<[string, number, ListOptions, number | null]>([
  ["ArrowDown", 1, {}, 2],
  ["ArrowDown", 2, {}, 2],
  ["ArrowDown", 2, { wraps: true }, 0],
  ["ArrowUp", 0, {}, 0],
  ["ArrowUp", 0, { wraps: true }, 2],
  ["ArrowUp", -1, { wraps: true }, 2],
  ["ArrowDown", -1, { wraps: true }, 0],
  ["Home", 2, {}, 0],
  ["End", 0, { wraps: true }, 2],
  ["ArrowRight", 0, {}, null],
  ["ArrowRight", 0, { axis: "inline" }, 1],
  ["ArrowDown", 0, { axis: "inline" }, null],
  ["ArrowLeft", 1, { axis: "both" }, 0],
  ["PageDown", 0, { page: 10 }, 2],
  ["PageDown", 0, {}, null],
  ["a", 0, { axis: "both", page: 10 }, null],
])("%s from %i of three, %o: %s", (key, here, options, place) => {
  expect(placeOf(press(key).event, here, 3, options)).toBe(place);
});

it("turns with a page that runs from right to left", () => {
  expect(placeOf(press("ArrowLeft", "rtl").event, 0, 3, { axis: "inline" })).toBe(1);
});

it("leads nowhere in an empty list, and leaves other keys to others", () => {
  expect(placeOf(press("ArrowDown").event, -1, 0)).toBeNull();
  const { event, list, isOwn } = press("a");
  const items = [0, 1].map(() => list.appendChild(document.createElement("button")));
  items[0]?.focus();
  expect(moveFocus(event, items)).toBeNull();
  expect(isOwn()).toBe(false);
  expect(moveFocus({ ...event, key: "ArrowDown" }, items)).toBe(1);
  expect(isOwn()).toBe(true);
  expect(document.activeElement).toBe(items[1]);
});
