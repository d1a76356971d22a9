"""The composition root: what the program is made of, and the order in which it begins and ends.

    settings → providers → engine            `core.py`: what every command that runs models needs
             → namespaces → door → server    `Host`: what a page needs beside it
             → windows, or a browser's tabs  `run_window`, `serve`

The main thread belongs to the window. All else lives on one event loop, in a thread of its own. It
ends in this order: nothing new is taken, runs are cancelled, pages are told how they ended, the
server stops, providers close, the loop ends.
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from shell.api.assets import load_page
from shell.api.door import Door
from shell.api.listener import address_of, listen
from shell.api.llm import LlmApi
from shell.api.passes import Passes
from shell.api.shell import ShellApi
from shell.contract import Defaults
from shell.core import Core, core, run_within
from shell.datadir import DataDirectory
from shell.links import has_desktop, open_link
from shell.providers.local import LocalProvider
from shell.signals import caught

if TYPE_CHECKING:
    from shell.api.loopback import Loopback
    from shell.api.tabs import Tabs

PAGE = Path(__file__).parent / "page"
WARM_AFTER_S = 0.5
"""What a page gets to draw itself before the model takes the processor."""
CLOSE_S = 1.5
"""With the core's own limit the process is gone within 3 s, whatever a page or a provider does."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line said."""

    data: DataDirectory
    provider: str | None = None
    """For new conversations; None for the embedded model."""
    model: str | None = None
    port: int = 0
    """Of the server, under `serve`; 0 for any that is free."""
    open_browser: bool = True
    dev_url: str | None = None
    """Where Vite serves the page, instead of the built one."""
    debug_port: int | None = None
    grace_s: float | None = None
    """How long a tab that lost its connection is waited for."""


@dataclass(frozen=True, slots=True)
class Host:
    """A core with a page: the door, and the server that hands the page out. Made by `host()`."""

    core: Core
    door: Door
    address: str
    """Of the server, `http://127.0.0.1:PORT`; who connects before it is loaded, waits."""
    server: "Future[Loopback]"


@contextlib.contextmanager
def host(
    options: Options, passes: Passes | None, open_window: Callable[[], bool]
) -> Iterator[Host]:
    """Everything but windows, for as long as the context lasts.

    Args:
        options: what the command line said.
        passes: who may come in from a browser; None when only windows have a door.
        open_window: opens another window; says whether it could.
    """
    with core(options.data.path) as running:
        defaults = running.defaults(options.provider, options.model)
        page = None if options.dev_url else load_page(PAGE)
        listener = listen(options.port)
        address = address_of(listener)
        greeter = Greeter(running, defaults)
        shell = ShellApi(sys.platform, greeter.greet, open_window, open_link)
        door = running.thread.call(lambda: Door({"llm": LlmApi(running.engine), "shell": shell}))

        async def begin() -> "Loopback":
            # Loaded on the loop's thread, while the window appears on the main thread.
            from shell.api.loopback import Loopback

            tabs = None if passes is None else _tabs(options, passes, running, door)
            server = Loopback(listener, page, tabs, _origin(options.dev_url))
            server.start()
            return server

        server = asyncio.run_coroutine_threadsafe(begin(), running.thread.loop)
        try:
            yield Host(running, door, address, server)
        finally:
            running.thread.loop.call_soon_threadsafe(greeter.close)
            run_within(CLOSE_S, running.thread, _close(running, door, server))


class Greeter:
    """Answers a page's hello. After the first one it has the default model loaded, if that is
    local: a page is there now, and its first question will come in a moment. Loop thread only.
    """

    def __init__(self, core: Core, defaults: Defaults) -> None:
        self._core = core
        self._defaults = defaults
        self._timer: asyncio.TimerHandle | None = None
        self._warming: asyncio.Task[None] | None = None

    def greet(self) -> Defaults:
        """What new conversations use."""
        provider = self._core.providers.resolve(self._defaults.provider_id)
        if self._timer is None and isinstance(provider, LocalProvider):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(WARM_AFTER_S, self._warm, provider)
        return self._defaults

    def close(self) -> None:
        """Load nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._warming is not None:
            self._warming.cancel()

    def _warm(self, provider: LocalProvider) -> None:
        self._warming = asyncio.get_running_loop().create_task(provider.warm(), name="warm up")


def _tabs(options: Options, passes: Passes, core: Core, door: Door) -> "Tabs":
    from shell.api.tabs import GRACE_S, Tabs

    grace_s = GRACE_S if options.grace_s is None else options.grace_s
    return Tabs(door, passes, core.engine.close_owner, grace_s)


async def _close(core: Core, door: Door, server: "Future[Loopback]") -> None:
    # The runs first: pages are still there to be told how they ended.
    await core.engine.close()
    await (await asyncio.wrap_future(server)).stop()
    await door.close()


def serve(options: Options) -> int:
    """`tidewire serve`: the page in a browser, until Ctrl-C or SIGTERM. Returns the exit status."""
    passes = Passes()
    options.data.prepare()
    with (
        caught() as signals,
        options.data.locked("tidewire serve"),
        host(options, passes, lambda: False) as running,
    ):
        running.server.result()
        address = options.dev_url or running.address
        page = f"{address.rstrip('/')}/#"
        print(json.dumps({"url": f"{page}token={passes.token}"}), flush=True)
        if options.open_browser and has_desktop():
            # What is opened stands in a list of processes that everybody can read.
            open_link(f"{page}ticket={passes.ticket()}")
        signals.wait()
    return 0


def run_window(options: Options, problem: str | None) -> int:
    """`tidewire`: the window, or the browser. Returns the exit status.

    Args:
        options: what the command line said.
        problem: why there can be no window; None when there can.
    """
    if problem is not None:
        print(f"{problem} The page is served to a browser instead:", file=sys.stderr, flush=True)
        return serve(options)
    from shell.window import Windows

    options.data.prepare()
    windows: list[Windows] = []
    with (
        caught() as signals,
        options.data.locked("tidewire"),
        host(options, None, lambda: windows[0].open()) as running,
    ):
        windows.append(
            Windows(
                running.core.thread.loop,
                running.door,
                options.dev_url or f"{running.address}/",
                debug_port=options.debug_port,
                on_closed=running.core.engine.close_owner,
            )
        )
        if not signals.asked():
            windows[0].run()
    return 0


def _origin(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
