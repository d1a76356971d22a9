"""Defines every value that crosses the bridge, and nothing else.

The bridge validates with these models, `python3 dev.py types` writes `web/src/bridge/contract.ts`
from them, and a test fails when that file is stale. On the wire names are camelCase; times are
milliseconds.

Each module is loaded at the first use of one of its names. A new window needs only half of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shell.contract.base import *
    from shell.contract.budgets import *
    from shell.contract.compactions import *
    from shell.contract.conversations import *
    from shell.contract.elicitation import *
    from shell.contract.envelopes import *
    from shell.contract.events import *
    from shell.contract.forms import *
    from shell.contract.mcp import *
    from shell.contract.messages import *
    from shell.contract.providers import *
    from shell.contract.requests import *
    from shell.contract.search import *
    from shell.contract.settings import *
    from shell.contract.template_problems import *
    from shell.contract.templates import *
    from shell.contract.tools import *
    from shell.contract.topics import *
    from shell.contract.transfer import *
    from shell.contract.wire import *
else:
    _MODULES = (
        *("base", "envelopes", "messages", "tools", "requests", "events", "budgets", "providers"),
        *("settings", "topics", "transfer", "mcp", "search", "compactions"),
        *("conversations", "forms", "elicitation", "wire", "templates", "template_problems"),
    )
    """The modules to search for a name, in this order. A new window needs the first ones."""

    def __getattr__(name: str) -> object:
        if not name.startswith("_"):
            for module in _MODULES:
                known = vars(import_module(f"{__name__}.{module}"))
                if name in known:
                    return globals().setdefault(name, known[name])
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
