/** A row of actions: what has no room is in its menu, and the keys go through what is shown. */
import { act, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, it, vi } from "vitest";
import { ActionList, type ActionListProps } from "../src/ui/ActionList";
import { MenuItems } from "../src/ui/Menu";

const BUTTON_PX = 32;
let room = 0;
let resized: () => void;

beforeEach(() => {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(run: () => void) {
        resized = run;
      }
      observe() {
        resized();
      }
      disconnect() {}
    },
  );
  const { prototype } = HTMLElement;
  vi.spyOn(prototype, "clientHeight", "get").mockReturnValue(BUTTON_PX);
  vi.spyOn(prototype, "getBoundingClientRect").mockImplementation(function (this: HTMLElement) {
    return { width: this.role === "toolbar" ? room : BUTTON_PX } as DOMRect;
  });
});

const run = vi.fn();
const NAMES = ["Copy", "Edit", "Regenerate", "Other ways"];
const others = <MenuItems items={[{ label: "Shorter", run }]} />;
const actions = NAMES.map((label) => ({
  label,
  icon: null,
  ...(label === "Other ways" ? { menu: others } : { run: () => run(label) }),
}));
const wide = (buttons: number) => buttons * BUTTON_PX;
const more = { label: "More about it", menu: <MenuItems items={[{ label: "Show", run }]} /> };

function show(buttons: number, props: Partial<ActionListProps> = {}) {
  room = wide(buttons);
  render(<ActionList label="Actions" actions={actions} {...props} />);
}

/** The buttons that are not in the menu. */
const shown = () =>
  within(screen.getByRole("toolbar"))
    .getAllByRole("button")
    .filter((button) => button.closest("[inert]") === null)
    .map((button) => button.title);
const items = () => screen.getAllByRole("menuitem").map(({ textContent }) => textContent);
const focused = () => (document.activeElement as HTMLElement).title;

it("shows every action where there is room for all of them, and no menu", () => {
  show(4);
  expect(shown()).toEqual(NAMES);
});

it("puts what has no room into a menu, whose items do the same", async () => {
  const user = userEvent.setup();
  show(3);
  expect(shown()).toEqual(["Copy", "Edit", "More actions"]);
  await user.click(screen.getByRole("button", { name: "More actions" }));
  expect(items()).toEqual(["Regenerate", "Shorter"]);
  await user.click(screen.getByRole("menuitem", { name: "Regenerate" }));
  expect(run).toHaveBeenLastCalledWith("Regenerate");
  expect(screen.queryByRole("menu")).toBeNull();
});

it("adds to the menu that it has, before that menu's own items", async () => {
  const user = userEvent.setup();
  show(4, { more });
  expect(shown()).toEqual(["Copy", "Edit", "Regenerate", "More about it"]);
  await user.click(screen.getByRole("button", { name: "More about it" }));
  expect(items()).toEqual(["Shorter", "Show"]);
});

it("leaves room for what always stays", () => {
  show(4, { children: <span>1/2</span> });
  expect(shown()).toEqual(["Copy", "Edit", "More actions"]);
});

it("follows its room, one way and the other", () => {
  show(2);
  expect(shown()).toEqual(["Copy", "More actions"]);
  room = wide(4);
  act(() => resized());
  expect(shown()).toEqual(NAMES);
  room = wide(0);
  act(() => resized());
  expect(shown()).toEqual(["More actions"]);
});

it("has one tab stop, and arrows, Home and End go through what is shown", async () => {
  const user = userEvent.setup();
  show(3);
  await user.tab();
  expect(focused()).toBe("Copy");
  await user.keyboard("{ArrowRight}");
  expect(focused()).toBe("Edit");
  await user.keyboard("{End}");
  expect(focused()).toBe("More actions");
  await user.keyboard("{ArrowRight}");
  expect(focused()).toBe("Copy");
  await user.keyboard("{End}{Home}");
  expect(focused()).toBe("Copy");
  await user.tab();
  expect(document.activeElement).toBe(document.body);
});

it("keeps its tab stop when a press elsewhere closes one of its menus", async () => {
  const user = userEvent.setup();
  show(4);
  await user.click(screen.getByRole("button", { name: "Other ways" }));
  expect(document.activeElement?.textContent).toBe("Shorter");
  await user.pointer([{ keys: "[MouseLeft]", target: document.body }]);
  expect(screen.queryByRole("menu")).toBeNull();
  await user.tab();
  expect(focused()).toBe("Other ways");
});

it("leaves the focus in an open menu when the row changes", async () => {
  const user = userEvent.setup();
  show(4);
  await user.click(screen.getByRole("button", { name: "Other ways" }));
  room = wide(5);
  act(() => resized());
  expect(document.activeElement?.textContent).toBe("Shorter");
});

it("keeps the focus in the row when the focused action goes into the menu", async () => {
  const user = userEvent.setup();
  show(4);
  await user.tab();
  await user.keyboard("{End}");
  expect(focused()).toBe("Other ways");
  room = wide(2);
  act(() => resized());
  expect(focused()).toBe("Copy");
});

it("shows in the tooltip of an action its name and its first keys", () => {
  show(1, { actions: [{ label: "Next", icon: null, keys: "Mod+Shift+O F3", run }] });
  const button = screen.getByRole("button", { name: "Next" });
  expect(button.title).toBe("Next (Ctrl+Shift+O)");
});
