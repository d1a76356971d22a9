"""What pages say while the host is being made reaches it in the order in which it was said."""

import asyncio
from typing import TYPE_CHECKING, cast

from shell.app.startup import Startup
from shell.bridge.caller import Caller
from shell.support.event_loop import event_loop_thread

if TYPE_CHECKING:
    from shell.app.host import Host
    from shell.bridge.desktop.page_server import PageServer


class Door:
    """Writes down what it is told, like `Recording.forget_caller`."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def post(self, caller: Caller, text: str) -> None:
        self.heard.append(f"{caller.id}: {text}")


class Recording:
    """As much of a host as is needed here."""

    def __init__(self) -> None:
        self.door = Door()

    def forget_caller(self, caller_id: str) -> None:
        self.door.heard.append(f"{caller_id} left")


def test_what_is_said_when_the_host_is_made_overtakes_nothing_said_before() -> None:
    host, page = Recording(), Caller("page")

    async def make() -> "tuple[Host, PageServer]":
        # Queued behind this turn of the loop, in which the host is made.
        asyncio.get_running_loop().call_soon(opening.receive, page, "second")
        return cast("Host", host), cast("PageServer", None)

    async def rest() -> None:
        await opening._made
        for _ in range(3):
            await asyncio.sleep(0)
        opening.receive(page, "third")

    with event_loop_thread() as thread:
        opening = Startup(thread, make, lambda: None)
        thread.call(lambda: opening.receive(page, "first"))
        thread.call(lambda: opening.forget_caller("other"))
        opening.begin()
        thread.run(rest())
    assert host.door.heard == ["page: first", "other left", "page: second", "page: third"]
