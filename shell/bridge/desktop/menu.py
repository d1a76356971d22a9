"""Menus of a window, for programs on the bridge."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shell.support.hooks import call_hook

if TYPE_CHECKING:  # a program in the browser needs neither
    import webview.menu

    from shell.bridge.caller import Caller

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line of a menu.

    Args:
        title: its text.
        action: called on the loop with the window in which it was chosen; may be async.
    """

    title: str
    action: "Callable[[Caller], object]"

    def __post_init__(self) -> None:
        if not callable(self.action):
            raise TypeError(
                f"The action of the menu item {self.title!r} is no function: {self.action!r}"
            )


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu, or a menu in a menu.

    Args:
        title: its text.
        items: its lines; None draws a line between two groups.
    """

    title: str
    items: "Sequence[MenuItem | Menu | None]"

    def __post_init__(self) -> None:
        for item in self.items:
            if not isinstance(item, MenuItem | Menu | None):
                raise TypeError(f"The menu {self.title!r} has {item!r}, which is no MenuItem")


def check_menus(menus: Sequence[Menu]) -> None:
    """Check the menus before a window is opened.

    Raises:
        TypeError: one of them is no menu.
    """
    for menu in menus:
        if not isinstance(menu, Menu):
            raise TypeError(f"`menus` has {menu!r}, which is no Menu")


def for_window(
    menus: Sequence[Menu], choose: Callable[[MenuItem], None]
) -> "list[webview.menu.Menu]":
    """Convert the menus of one window for pywebview, which calls `choose` in its own thread."""
    from webview.menu import Menu as WebviewMenu
    from webview.menu import MenuAction, MenuSeparator

    def convert(each: MenuItem | Menu | None) -> "WebviewMenu | MenuAction | MenuSeparator":
        if each is None:
            return MenuSeparator()
        if isinstance(each, MenuItem):
            return MenuAction(each.title, lambda: choose(each))
        return WebviewMenu(each.title, [convert(item) for item in each.items])

    return [WebviewMenu(menu.title, [convert(item) for item in menu.items]) for menu in menus]


async def act(item: MenuItem, caller: "Caller") -> None:
    """Run the action of an item. Logs a failure, because no call of a page waits for it."""
    try:
        await call_hook(item.action, caller)
    except Exception:
        _log.exception("The action of the menu item %r failed", item.title)
