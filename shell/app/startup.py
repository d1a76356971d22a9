"""Opening: a host that is made while its window appears, and what is said to it meanwhile."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING

from shell.support.event_loop import LoopThread

if TYPE_CHECKING:  # they are loaded while the window appears
    from shell.app.host import Host
    from shell.bridge.browser.server import Loopback
    from shell.bridge.caller import Caller
    from shell.bridge.desktop.page_server import PageServer

    Served = tuple[Host, Loopback | PageServer]

SWITCH_S = 0.0005
"""How soon a thread of Python makes room for another one while the window appears."""


class Startup:
    """Made on any thread; `hear` and `leave` are for the loop's.

    Args:
        thread: where the host lives.
        making: makes it.
        on_failure: told, on the loop's thread, when that fails.
    """

    def __init__(
        self,
        thread: LoopThread,
        making: "Callable[[], Coroutine[None, None, Served]]",
        on_failure: Callable[[], None],
    ) -> None:
        self._thread = thread
        self._making = making
        self._on_failure = on_failure
        self._made: asyncio.Future[Served] = thread.call(thread.loop.create_future)
        self._task: asyncio.Task[None] | None = None
        self._waiting: list[Callable[[Host], None]] | None = []
        """What to do with the host once it is there, in its order; then None."""

    def begin(self) -> None:
        """Begin to make the host. From any thread, once."""

        def start() -> None:
            self._task = self._thread.loop.create_task(self._make(), name="open")

        self._thread.call(start)

    def receive(self, caller: "Caller", text: str) -> None:
        """Take what a page says; before there is a host it waits, in its order."""
        self._with_host(lambda host: host.door.post(caller, text))

    def forget_caller(self, caller_id: str) -> None:
        """A window is gone for good; before there is a host this waits as well."""
        self._with_host(lambda host: host.forget_caller(caller_id))

    async def close(self) -> None:
        """Close what was made.

        Raises:
            Exception: why the host could not be made.
        """
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._made.done():
            await close(*self._made.result())

    async def _make(self) -> None:
        # Imports keep Python to themselves for long; the web view asks it many small questions
        # meanwhile, and would wait for each answer until the imports make room.
        usual = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        try:
            served = await self._making()
            self._made.set_result(served)
            # In this turn of the loop, or what is queued already would overtake it.
            waiting, self._waiting = self._waiting or [], None
            for work in waiting:
                work(served[0])
        except Exception as error:
            self._waiting = None
            self._made.set_exception(error)
            self._on_failure()
        finally:
            sys.setswitchinterval(usual)

    def _with_host(self, work: "Callable[[Host], None]") -> None:
        if self._waiting is not None:
            self._waiting.append(work)
        elif (served := self._served()) is not None:
            work(served[0])

    def _served(self) -> "Served | None":
        made = self._made
        return made.result() if made.done() and made.exception() is None else None


async def close(host: "Host", server: "Loopback | PageServer") -> None:
    """End both, in an order that lets pages be told how their runs ended."""
    await host.end_runs()
    await server.stop()
    await host.close()
