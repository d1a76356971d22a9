"""Messages of pages reach a host that is still being made in the order of their arrival."""

import asyncio
from typing import TYPE_CHECKING, cast

from shell.app.startup import Startup
from shell.bridge.caller import Caller
from shell.support.event_loop import event_loop_thread

if TYPE_CHECKING:
    from shell.app.host import Host
    from shell.bridge.desktop.page_server import PageServer


class Door:
    """Records its calls, like `Recording.forget_caller`."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def post(self, caller: Caller, text: str) -> None:
        self.calls.append(f"{caller.id}: {text}")


class Recording:
    """The parts of a host that this test needs."""

    def __init__(self) -> None:
        self.door = Door()

    def forget_caller(self, caller_id: str) -> None:
        self.door.calls.append(f"{caller_id} left")


def test_what_is_said_when_the_host_is_made_overtakes_nothing_said_before() -> None:
    host, page = Recording(), Caller("page")

    async def make() -> "tuple[Host, PageServer]":
        # Queued behind this turn of the loop, in which the host is made.
        asyncio.get_running_loop().call_soon(startup.receive, page, "second")
        return cast("Host", host), cast("PageServer", None)

    async def finish() -> None:
        await startup._made
        for _ in range(3):
            await asyncio.sleep(0)
        startup.receive(page, "third")

    with event_loop_thread() as thread:
        startup = Startup(thread, make, lambda: None)
        thread.call(lambda: startup.receive(page, "first"))
        thread.call(lambda: startup.forget_caller("other"))
        startup.begin()
        thread.run(finish())
    assert host.door.calls == ["page: first", "other left", "page: second", "page: third"]
