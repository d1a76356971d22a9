"""The menus of a window, for a program of your own."""

import inspect
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # a program in the browser needs neither
    import webview.menu

    from shell.bridge.caller import Caller

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One line of a menu.

    Args:
        title: what it says.
        action: called on the loop with the window in which it was chosen; may be async.
    """

    title: str
    action: "Callable[[Caller], object]"


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu, or a menu in a menu.

    Args:
        title: what it says.
        items: its lines; None draws a line between two groups.
    """

    title: str
    items: "Sequence[MenuItem | Menu | None]"


def for_window(
    menus: Sequence[Menu], choose: Callable[[MenuItem], None]
) -> "list[webview.menu.Menu]":
    """The menus of one window as pywebview takes them. It calls `choose` in a thread of its own."""
    from webview.menu import Menu as Made
    from webview.menu import MenuAction, MenuSeparator

    def made(each: MenuItem | Menu | None) -> "Made | MenuAction | MenuSeparator":
        if each is None:
            return MenuSeparator()
        if isinstance(each, MenuItem):
            return MenuAction(each.title, lambda: choose(each))
        return Made(each.title, [made(item) for item in each.items])

    return [Made(menu.title, [made(item) for item in menu.items]) for menu in menus]


async def act(item: MenuItem, caller: "Caller") -> None:
    """Run the action of an item. A failure is in the log: no call of a page waits for it."""
    try:
        result = item.action(caller)
        if inspect.isawaitable(result):
            await result
    except Exception:
        _log.exception("The action of the menu item %r failed", item.title)
