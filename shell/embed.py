"""Runs a program of your own in windows or in the browser, over the same bridge.

    App(Path("page"), {"notes": Notes()}, title="Notes").run()

`docs/library.md` shows both sides.
"""

import argparse
import json
import logging
import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, JsonValue

from shell.api.llm import LlmApi
from shell.api.program import HelloApi, ModelsApi, StreamsApi
from shell.api.program_host import Closeable, Hook, ProgramHost
from shell.bridge.caller import STANDARD, Caller, CallLimits
from shell.bridge.desktop.menu import Menu, check_menus
from shell.bridge.door import Door
from shell.bridge.listener import listen
from shell.bridge.own_page import load_own_page
from shell.bridge.page import Page
from shell.bridge.signatures import WrongSignatures, check_signatures
from shell.bridge.stream import Stream
from shell.bridge.topics import Topics
from shell.contract import ProgramTopic
from shell.errors import LimitReached, NotFound, ShellError, ValidationFailed
from shell.inference.engine import Engine
from shell.inference.limits import Deadlines, Limits, Settings
from shell.providers.base import Provider
from shell.providers.items import ItemsProvider
from shell.support.environment import take_secrets
from shell.support.event_loop import LoopThread, event_loop_thread, run_within
from shell.support.hooks import call_hook
from shell.support.open_url import RedirectPage, has_desktop
from shell.support.signals import shutdown_signals
from shell.support.uncaught import print_message_only

if TYPE_CHECKING:  # loaded when a program needs them
    from shell.app.runtime import Runtime
    from shell.bridge.browser.server import BrowserServer
    from shell.bridge.browser.tokens import AccessTokens
    from shell.bridge.desktop.page_server import PageServer
    from shell.bridge.desktop.windows import Windows

OWN = ("llm", "shell")
"""The bridge's own namespaces, which a program cannot use."""
DAY_MS = 24 * 60 * 60 * 1_000
CLOSE_S = 2.0
STREAMS = 5
"""How many streams a window may have at a time unless the program says otherwise."""
DEV_SECRET = "TIDEWIRE_DEV_SECRET"  # noqa: S105 - the name of a variable
"""Set by a command that restarts the program after a change: with it the tabs stay valid."""
DEV_URL = "TIDEWIRE_DEV_URL"
"""Address of a development server that replaces the page's folder."""
_log = logging.getLogger(__name__)

Item = TypeVar("Item", bound=str | BaseModel)


class NoWindow(ShellError):
    """No window can open here; the message says why."""


class App:
    """A program with windows or tabs. Its pages can reach only the methods of its namespaces.

    Args:
        page: a folder with an `index.html` and all that it loads, or the address of a development
            server (Vite) on this machine. Scripts and styles must be in files of their own, because
            the page's policy allows no inline ones.
        namespaces: the objects whose methods the page may call. `{"notes": Notes()}` makes each
            public method of `Notes` callable as `notes.<method>`. A method takes the caller and at
            most one parameter. The parameter and the result are checked and converted by their
            annotations.
        title: of the windows, and the program's name in its errors.
        streams: how many streams one window may have at a time. A further one fails with LIMIT.
        calls: the limits on the calls of one window's page.
        size: width and height of a new window.
        menus: of every window; a browser shows none.
        close_question: a window shows it before a person closes it.
        providers: models that pages may run with `host.llm`.
        data: a data directory of Tidewire. Pages may use its providers and keys, too, within the
            budgets of its settings.
        on_start: called before a page can call; may be async.
        on_stop: called after the last page is gone; may be async.
        on_closed: called with the id of a window or tab that is gone for good.

    Raises:
        WrongSignatures: a page could not call some methods; the message names all of them.
        TypeError: an item of `menus` is no menu.
        ValueError: a namespace is called `llm` or `shell`, `streams` is less than 1, or `data` is
            given where only the bridge is installed.
    """

    def __init__(
        self,
        page: Path | str,
        namespaces: Mapping[str, object],
        *,
        title: str,
        streams: int = STREAMS,
        calls: CallLimits = STANDARD,
        size: tuple[int, int] | None = None,
        menus: Sequence[Menu] = (),
        close_question: str | None = None,
        providers: Sequence[Provider] = (),
        data: Path | None = None,
        on_start: Hook | None = None,
        on_stop: Hook | None = None,
        on_closed: Callable[[str], None] = lambda caller_id: None,
    ) -> None:
        if streams < 1:
            raise ValueError(f"A window cannot have {streams} streams: give 1 or more")
        reserved = [name for name in OWN if name in namespaces]
        if reserved:
            raise ValueError(f"The namespace {reserved[0]!r} is the bridge's own")
        if data is not None and find_spec("shell.app") is None:
            raise ValueError("Install tidewire, not tidewire-bridge, to use `data`")
        try:
            check_signatures(namespaces)
        except WrongSignatures:
            print_message_only(WrongSignatures)
            raise
        check_menus(menus)
        self.namespaces = namespaces
        page = os.environ.get(DEV_URL) or page
        self._dev_url = page if isinstance(page, str) else None
        self._folder = None if isinstance(page, str) else page
        self._title = title
        self._limits = Limits(inferences=streams)
        self._calls = calls
        self._size = size
        self._menus = menus
        self._close_question = close_question
        self._providers = {provider.id: provider for provider in providers}
        self.data = data
        self._on_start, self._on_stop, self._on_closed = on_start, on_stop, on_closed
        self._items = ItemsProvider()
        self._topics = Topics()
        self._engine: Engine | None = None
        self._windows: Windows | None = None

    # --- for methods of a namespace ---------------------------------------------------------

    def stream(self, caller: Caller, items: AsyncGenerator[Item, None]) -> Stream[Item]:
        """Stream what a generator yields to the caller's page. For methods of a namespace.

        The items stay in a log for ten minutes after the stream's end. A reloaded page can attach
        to the stream by its id and misses nothing.

        Args:
            caller: the window whose page receives the stream.
            items: pieces of text, or models; closed when the page cancels or its window is closed.

        Returns:
            The id, for the page's `follow` (text) or `items` (models).

        Raises:
            LimitReached: the window has the maximum number of streams.
            TypeError: `items` is no async generator.
        """
        given: object = items
        if not isinstance(given, AsyncGenerator):
            kind = type(given).__name__
            raise TypeError(f"stream() takes an async generator of models or strings, not a {kind}")
        if self._engine is None:
            raise NotFound("The program is not running")
        request = self._items.put(items)
        name = request.messages[-1].text
        try:
            log = self._engine.start(caller.id, request)
        except BaseException as error:
            self._items.drop(name)
            if isinstance(error, LimitReached):
                most = self._limits.inferences
                text = f"A window can have {most} streams at a time"
                raise LimitReached(text, most, most) from None
            raise
        # A stream that is cancelled before it starts never takes its generator.
        log.subscribe(lambda _: None if log.ending is None else self._items.drop(name))
        caller.feed.follow(caller.load, log, -1)
        return Stream(log.inference_id)

    def publish(self, name: str, value: BaseModel | JsonValue, key: str = "") -> None:
        """Push a value to every page. A page that connects later gets the latest value.

        On the loop thread, or before the program runs.
        """
        if isinstance(value, BaseModel):
            value = value.model_dump(mode="json", by_alias=True)
        self._topics.publish(ProgramTopic(name=name, value=value, key=key))

    def open_window(self) -> bool:
        """Open another window; False in a browser."""
        return self._windows is not None and self._windows.open()

    async def confirm(self, caller: Caller, title: str, text: str) -> bool:
        """Ask for a yes or no in a dialog over the caller's window; False in a browser."""
        return bool(self._windows and await self._windows.dialogs.confirm(caller.id, title, text))

    async def choose_file(self, caller: Caller, *kinds: str) -> str | None:
        """Ask for a file in a dialog over the caller's window.

        Args:
            caller: the window's caller.
            kinds: file types such as `Pictures (*.png;*.jpg)`.

        Returns:
            Its path; None if the person chose no file, and in a browser, which reveals no paths.
        """
        if self._windows is None:
            return None
        return await self._windows.dialogs.choose_file(caller.id, kinds or ("All files (*.*)",))

    # --- running ----------------------------------------------------------------------------

    def main(self, arguments: Sequence[str] | None = None) -> None:
        """Run or serve, by the command line: the last line of most programs. After an error it
        prints one sentence, and the program ends with the status 1.
        """
        parser = argparse.ArgumentParser(description=self._title)
        parser.add_argument("shell", nargs="?", choices=("window", "serve"), default="window")
        parser.add_argument("--port", type=int, default=0, help="of the server; 0 for any free one")
        parser.add_argument("--no-open", action="store_true", help="do not open the browser")
        parser.add_argument("--debug-port", type=int, help="remote debugging of the window")
        chosen = parser.parse_args(arguments)
        try:
            if chosen.shell == "serve":
                self.serve(chosen.port, open_browser=not chosen.no_open)
            else:
                self.run(chosen.debug_port)
        except ShellError as problem:
            parser.exit(1, f"{problem}\n")

    def run(self, debug_port: int | None = None) -> None:
        """Open a window and return when the last one is closed. Main thread only, and once.

        Args:
            debug_port: turns on remote debugging, on the loopback address; 0 takes a free port.

        Raises:
            NoWindow: there is no display.
            PageMissing: there is no such page, or the bridge's own script was not built.
            PortTaken: another program uses the port.
        """
        from shell.bridge.desktop.display import display_problem
        from shell.bridge.desktop.windows import Windows

        problem = display_problem()
        if problem is not None:
            raise NoWindow(f"{problem} With `serve`, the page opens in the browser")
        with event_loop_thread() as thread:
            host, server = thread.run(self._make_for_windows())
            try:
                self._windows = Windows(
                    thread.loop,
                    host.door.post,
                    self._dev_url or f"{server.address}/",
                    title=self._title,
                    size=self._size,
                    close_question=self._close_question,
                    menus=self._menus,
                    new_caller=self._calls.caller,
                    debug_port=debug_port,
                    on_closed=host.forget_caller,
                )
                self._windows.run()
            finally:
                self._windows = None
                self._close(thread, host, server)

    def serve(self, port: int = 0, *, open_browser: bool = True) -> None:
        """Serve the page to the browser of this user until Ctrl-C or SIGTERM. Main thread only.

        Prints one line of JSON: `url` opens one page, `token` makes more links (`POST /link`).

        Raises:
            PageMissing: there is no such page, or the bridge's own script was not built.
            PortTaken: another program uses the port.
        """
        from shell.bridge.browser.open_page import open_page
        from shell.bridge.browser.tokens import AccessTokens

        with (
            shutdown_signals() as signals,
            TemporaryDirectory(ignore_cleanup_errors=True) as folder,
            event_loop_thread() as thread,
        ):
            root = os.environ.get(DEV_SECRET) if self._dev_url else None
            host, server = thread.run(self._make_for_tabs(port, AccessTokens(root=root)))
            try:
                url = thread.call(lambda: server.link(lasting=True))
                print(json.dumps({"url": url, "token": server.token}), flush=True)
                if open_browser and has_desktop():
                    open_page(thread, server, RedirectPage(Path(folder), self._title))
                signals.wait()
            finally:
                self._close(thread, host, server)

    # --- inside -----------------------------------------------------------------------------

    def _page(self) -> Page | None:
        return None if self._folder is None else load_own_page(self._folder)

    async def _make_for_windows(self) -> "tuple[ProgramHost, PageServer]":
        from shell.bridge.desktop.page_server import PageServer

        page = self._page()
        host = await self.start()
        server = PageServer(listen(0), page)
        server.start()
        return host, server

    async def _make_for_tabs(
        self, port: int, tokens: "AccessTokens"
    ) -> "tuple[ProgramHost, BrowserServer]":
        from shell.bridge.browser.server import BrowserServer
        from shell.bridge.browser.tabs import GRACE_S, Tabs

        page, listener = self._page(), listen(port)
        host = await self.start()
        tabs = Tabs(host.door, tokens, host.forget_caller, GRACE_S, self._calls.caller)
        server = BrowserServer(listener, page, tabs, tokens, dev_url=self._dev_url)
        server.start()
        return host, server

    async def start(self) -> ProgramHost:
        """Start without a page, for `run`, `serve` and tests. On the loop of a `LoopThread`."""
        deadlines = Deadlines(overall_ms=DAY_MS, first_silent_ms=DAY_MS, between_ms=DAY_MS)
        streams = self._engine = Engine(self._items.resolve, Settings(self._limits, deadlines))
        llm: LlmApi | StreamsApi = StreamsApi(streams)
        engines, runtime = [streams], None
        if self.data is not None:
            runtime = _runtime(self.data)
            await runtime.load_keys()
        if self._providers or runtime is not None:
            ledger = None if runtime is None else runtime.lazy_ledger
            models = Engine(lambda each: self._resolve(each, runtime), ledger=ledger)
            engines.append(models)
            llm = ModelsApi(models, StreamsApi(streams))
        own = {**self.namespaces, "llm": llm, "shell": HelloApi()}
        door = Door(own, topics=self._topics, program=self._title)
        if self._on_start is not None:
            await call_hook(self._on_start)
        resources: list[Closeable] = [*self._providers.values()]
        if runtime is not None:
            resources.append(runtime)
        return ProgramHost(door, engines, resources, self._on_stop, self._on_closed)

    def _resolve(self, provider_id: str, runtime: "Runtime | None") -> Provider:
        if provider_id in self._providers:
            return self._providers[provider_id]
        if runtime is not None:
            return runtime.providers.resolve(provider_id)
        known = ", ".join(self._providers)
        text = f"Invalid provider ID: {provider_id}. Allowed: {known}"
        raise ValidationFailed([("providerId", text)])

    def _close(
        self, thread: LoopThread, host: ProgramHost, server: "PageServer | BrowserServer"
    ) -> None:
        async def close() -> None:
            await host.end_runs()
            await server.stop()
            await host.close()

        run_within(CLOSE_S, thread, close())
        self._engine = None


def _runtime(data: Path) -> "Runtime":
    from shell.app.runtime import Runtime
    from shell.providers.key_variables import protect_key_variables
    from shell.settings import read_preferences

    protect_key_variables(data)
    budgets = cache(lambda: read_preferences(data).budgets)
    return Runtime(data, take_secrets(), Settings(), budgets, counts=False)
