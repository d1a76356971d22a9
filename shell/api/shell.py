"""Handshake, windows and links: the `shell` namespace."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from shell import __version__
from shell.bridge.caller import Caller
from shell.contract import CONTRACT_VERSION, Defaults, HelloReply, HelloRequest
from shell.errors import ShellError, ValidationFailed

Link = Annotated[str, Field(min_length=1, max_length=8_192, pattern=r"^[^\x00-\x20\x7f]+$")]


WindowAction = Literal["close", "quit", "full_screen"]


def control_nothing(caller_id: str, action: WindowAction) -> bool:
    """Return False: for hosts without windows."""
    return False


async def choose_nothing(caller_id: str) -> str | None:
    """Return None: for hosts without windows."""
    return None


class ShellApi:
    """The `shell` namespace. `choose_file` and `control_window` take a caller's id."""

    def __init__(
        self,
        platform: str,
        defaults: Callable[[], Defaults],
        open_window: Callable[[], bool],
        open_link: Callable[[str], bool],
        choose_file: Callable[[str], Awaitable[str | None]] = choose_nothing,
        control_window: Callable[[str, WindowAction], bool] = control_nothing,
    ) -> None:
        self._platform = platform
        self._defaults = defaults
        self._open_window = open_window
        self._open_link = open_link
        self._choose_file = choose_file
        self._control_window = control_window

    def hello(self, caller: Caller, params: HelloRequest) -> HelloReply:
        """Answer the first call of every load. Refuses a page of another contract."""
        if params.version != CONTRACT_VERSION:
            raise ShellError("This page belongs to another version of the program. Reload it")
        return greet(caller, params, self._platform, self._defaults())

    def open_window(self, caller: Caller) -> bool:
        """Open another window of this host. False where there are no windows (in a browser)."""
        return self._open_window()

    def control_window(self, caller: Caller, action: WindowAction) -> bool:
        """Close the window, end the program, or enter and leave full screen. False in a browser."""
        return self._control_window(caller.id, action)

    async def choose_model_file(self, caller: Caller) -> str | None:
        """Let the person choose a GGUF file in the window's file dialog. Null without a choice, and
        in a browser, which reveals no paths.
        """
        return await self._choose_file(caller.id)

    def open_link(self, caller: Caller, link: Link) -> bool:
        """Open a web or mail address in the system's own program. Refuses other addresses."""
        if not _is_link(link):
            raise ValidationFailed([("link", "Only http, https and mailto links can be opened")])
        return self._open_link(link)


def greet(caller: Caller, params: HelloRequest, platform: str, defaults: Defaults) -> HelloReply:
    """Build the reply to a load's hello, and drop the pushes that the page has already."""
    caller.feed.acknowledge_until(params.last_push)
    return HelloReply(
        version=CONTRACT_VERSION,
        app_version=__version__,
        window_id=caller.id,
        platform=platform,
        defaults=defaults,
        resumed=caller.feed.resumed,
    )


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:  # such as an invalid host in brackets
        return False
    return parts.scheme in {"http", "https", "mailto"} and bool(parts.netloc or parts.path)
