"""Runs a program of your own in windows, over the same bridge: its page, methods and streams.

    App(Path("page"), {"notes": Notes()}, title="Notes").run()

`docs/library.md` shows both sides.
"""

import contextlib
import secrets
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from shell.api.llm import LlmApi
from shell.api.shell import ShellApi
from shell.bridge.caller import Caller
from shell.bridge.desktop.display import display_problem
from shell.bridge.desktop.page_server import PageServer
from shell.bridge.desktop.windows import Windows
from shell.bridge.door import Door
from shell.bridge.listener import listen
from shell.bridge.own_page import load_own_page
from shell.contract import Defaults, InferenceRequest, Message
from shell.errors import NotFound, ShellError
from shell.inference.engine import Engine
from shell.inference.limits import Deadlines, Limits, Settings
from shell.providers.base import Chunk, Finish, ModelInfo, Provider, ProviderRequest, TextDelta
from shell.support.event_loop import LoopThread
from shell.support.open_url import open_link

OWN = ("llm", "shell")
"""Namespaces that are taken."""
DAY_MS = 24 * 60 * 60 * 1_000
CLOSE_S = 2.0
STREAMS = 5
"""How many streams a window may have at a time unless the program says otherwise."""


class NoWindow(ShellError):
    """No window can open here; the message says why."""


class App:
    """A program with windows on a page, whose methods are all that the page can reach.

    Args:
        page: a folder with an `index.html` and all that it loads; scripts and styles in files of
            their own, since the policy of the page allows no others.
        namespaces: what the page may call. `{"notes": Notes()}` makes each public method of `Notes`
            callable as `notes.<method>`: it takes the caller and at most one parameter, and both
            that parameter and the result are checked and converted by their annotations.
        title: of the windows.
        streams: how many streams one window may have at a time; one more is refused with LIMIT.

    Raises:
        PageMissing: there is no such page, or the bridge's own script was not built.
        ValueError: a namespace is called `llm` or `shell`, or `streams` is less than 1.
    """

    def __init__(
        self, page: Path, namespaces: Mapping[str, object], *, title: str, streams: int = STREAMS
    ) -> None:
        if streams < 1:
            raise ValueError(f"A window cannot have {streams} streams: give 1 or more")
        taken = [name for name in OWN if name in namespaces]
        if taken:
            raise ValueError(f"The namespace {taken[0]!r} is the bridge's own")
        self._page = load_own_page(page)
        self._namespaces = namespaces
        self._title = title
        self._streams = streams
        self._texts = _Texts()
        self._engine: Engine | None = None

    def stream(self, caller: Caller, texts: AsyncGenerator[str, None]) -> str:
        """Stream what a generator yields to the caller's page. For methods of a namespace.

        The texts stay in a log for ten minutes after their end. A reloaded page can attach to it by
        its id and misses nothing.

        Args:
            caller: the window whose page receives the stream.
            texts: closed when the page cancels or its window is closed.

        Returns:
            The id, for the page's `attachRun`.

        Raises:
            LimitReached: the window has as many streams as it may.
        """
        if self._engine is None:
            raise NotFound("The program is not running")
        request = self._texts.put(texts)
        name = request.messages[-1].text
        try:
            log = self._engine.start(caller.id, request)
        except BaseException:
            self._texts.drop(name)
            raise
        # A stream that is cancelled before it starts never resolves its generator.
        log.subscribe(lambda _: None if log.ending is None else self._texts.drop(name))
        caller.feed.follow(caller.load, log, -1)
        return log.inference_id

    def run(self, debug_port: int | None = None) -> None:
        """Open a window and return when the last one is closed. Main thread only, and once.

        Args:
            debug_port: turns on remote debugging, on the loopback address; 0 takes a free port.

        Raises:
            NoWindow: there is no display.
        """
        problem = display_problem()
        if problem is not None:
            raise NoWindow(problem)
        thread = LoopThread()
        thread.start()
        try:
            host = thread.call(lambda: self._host(lambda: windows.open()))
            windows = Windows(
                thread.loop,
                host.door.post,
                f"{host.server.address}/",
                title=self._title,
                debug_port=debug_port,
                on_closed=host.engine.close_owner,
            )
            windows.run()
            with contextlib.suppress(TimeoutError):
                thread.run(host.close(), CLOSE_S)
        finally:
            thread.stop()

    def _host(self, open_window: Callable[[], bool]) -> "_Host":
        deadlines = Deadlines(overall_ms=DAY_MS, first_silent_ms=DAY_MS, between_ms=DAY_MS)
        limits = Limits(inferences=self._streams)
        engine = self._engine = Engine(self._texts.resolve, Settings(limits, deadlines))
        defaults = Defaults(provider_id=_Texts.id, model_id=_Texts.id)
        shell = ShellApi(sys.platform, lambda: defaults, open_window, open_link)
        door = Door({**self._namespaces, "llm": LlmApi(engine), "shell": shell})
        server = PageServer(listen(0), self._page)
        server.start()
        return _Host(engine, door, server)


@dataclass(frozen=True, slots=True)
class _Host:
    engine: Engine
    door: Door
    server: PageServer

    async def close(self) -> None:
        """Close in an order in which pages still learn how their streams ended."""
        await self.engine.close()
        await self.server.stop()
        await self.door.close()


class _Texts:
    """A provider that streams the texts of the program's own generators."""

    id = "texts"
    default_model_id = "texts"
    local = True
    """It takes the time that it takes."""

    def __init__(self) -> None:
        self._waiting: dict[str, AsyncGenerator[str, None]] = {}

    def put(self, texts: AsyncGenerator[str, None]) -> InferenceRequest:
        """Hold a generator until its request is resolved."""
        name = secrets.token_hex(8)
        self._waiting[name] = texts
        return InferenceRequest(
            messages=[Message(role="user", content=name)], provider_id=self.id, model_id=self.id
        )

    def drop(self, name: str) -> None:
        """Drop a generator whose request will not come."""
        self._waiting.pop(name, None)

    def resolve(self, provider_id: str) -> Provider:
        return self

    def model(self, model_id: str) -> ModelInfo:
        return ModelInfo(self.id, temperature_max=None)

    def check(self) -> None:
        pass

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        texts = self._waiting.pop(request.messages[-1].text, None)
        if texts is None:
            raise NotFound("There is no such stream")
        async with aclosing(texts):
            async for text in texts:
                yield TextDelta(text)
        yield Finish("stop")

    async def close(self) -> None:
        pass
