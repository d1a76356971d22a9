"""Makes the host while its window appears, and queues the calls that come before it is ready."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from shell.support.event_loop import LoopThread

if TYPE_CHECKING:  # loaded while the window appears
    from shell.app.host import Host
    from shell.bridge.browser.server import BrowserServer
    from shell.bridge.caller import Caller
    from shell.bridge.desktop.page_server import PageServer

    Served = tuple[Host, BrowserServer | PageServer]

SWITCH_S = 0.0005
"""Python's thread switch interval while the window appears."""


class Startup:
    """Made on any thread; `receive` and `forget_caller` are for the loop's.

    Args:
        thread: its loop runs the host.
        make: makes the host and its server.
        on_failure: called on the loop's thread when `make` fails.
    """

    def __init__(
        self,
        thread: LoopThread,
        make: "Callable[[], Coroutine[None, None, Served]]",
        on_failure: Callable[[], None],
    ) -> None:
        self._thread = thread
        self._make_host = make
        self._on_failure = on_failure
        self._made: asyncio.Future[Served] = thread.call(thread.loop.create_future)
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Begin to make the host. From any thread, once."""

        def start() -> None:
            self._task = self._thread.loop.create_task(self._make(), name="open")

        self._thread.call(start)

    def receive(self, caller: "Caller", text: str) -> None:
        """Pass a page's batch to the door, as soon as there is a host."""
        self._with_host(lambda host: host.door.post(caller, text))

    def forget_caller(self, caller_id: str) -> None:
        """Report a closed window to the host, as soon as there is one."""
        self._with_host(lambda host: host.forget_caller(caller_id))

    async def close(self) -> None:
        """Close the host and its server.

        Raises:
            Exception: the host could not be made.
        """
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._made.done():
            await close(*self._made.result())

    async def _make(self) -> None:
        # The web view calls into Python often while it starts. With the usual interval each call
        # would wait long for the imports on this thread.
        usual = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        try:
            self._made.set_result(await self._make_host())
        except Exception as error:
            self._made.set_exception(error)
            self._on_failure()
        finally:
            sys.setswitchinterval(usual)

    def _with_host(self, work: "Callable[[Host], None]") -> None:
        """Run `work` with the host once it is made. The loop keeps the order of the calls."""

        def run(made: "asyncio.Future[Served]") -> None:
            if made.exception() is None:
                work(made.result()[0])

        self._made.add_done_callback(run)


async def close(host: "Host", server: "BrowserServer | PageServer") -> None:
    """Close both, in an order in which pages still receive how their runs ended."""
    await host.end_runs()
    await server.stop()
    await host.close()
