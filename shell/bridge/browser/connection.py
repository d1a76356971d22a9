"""One WebSocket connection of a tab. It takes calls in and sends pushes out."""

import asyncio
import contextlib
import json
from collections.abc import Callable

from pydantic import TypeAdapter, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from shell.bridge.caller import Caller
from shell.bridge.door import Door
from shell.bridge.feed import Push

PUSH_INTERVAL_S = 0.008
"""Least time between two pushes, unless something urgent waits."""
PROBE = 0
"""The number of a push without content. Pushes count from 1, so a page takes this one for a resend:
it answers and does nothing else. The answer shows that the page is alive."""
MAX_ANSWER_CHARACTERS = 256
TICKET_WANTED = '{"ticket":true}'
"""The message by which a page asks for a ticket, which it hands to a new tab of its browser."""

_answer = TypeAdapter(dict[str, tuple[str, int]])


class TabConnection:
    """Made for an admitted tab; `run` lasts as long as the connection. Loop thread only."""

    def __init__(
        self,
        socket: WebSocket,
        caller: Caller,
        load: str,
        door: Door,
        new_ticket: Callable[[], str],
    ) -> None:
        self.load = load
        self._new_ticket = new_ticket
        self._socket = socket
        self._caller = caller
        self._door = door
        self._loop = asyncio.get_running_loop()
        self._due = asyncio.Event()
        self._is_urgent = False
        """Whether something urgent waits for the answer to the push in flight."""
        self._acknowledged = asyncio.Event()
        self._probed = asyncio.Event()
        self._closed = asyncio.Event()
        self._not_before = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Carry texts both ways until the connection ends."""
        self._caller.feed.on_wake(self._on_wake)
        pushing = self._loop.create_task(self._push())
        try:
            while (text := await self._read()) is not None:
                if text == TICKET_WANTED:
                    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                        await self._socket.send_text(json.dumps({"ticket": self._new_ticket()}))
                else:
                    self._take(text)
        finally:
            self._closed.set()
            self._acknowledged.set()
            if self._timer is not None:
                self._timer.cancel()
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)

    async def is_alive(self, within_s: float) -> bool:
        """Whether a page still answers at the other end. False as soon as the connection has ended
        and all its messages are processed.
        """
        self._probed.clear()
        # Sending can block, too: the socket of a page that no longer reads may be full.
        steps = (self._probe(), self._closed.wait())
        waits = [self._loop.create_task(step) for step in steps]
        await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
        return self._probed.is_set() and not self._closed.is_set()

    async def drain(self) -> None:
        """Wait until the page has acknowledged everything in its feed."""
        self._on_wake(True)
        while not self._closed.is_set() and self._caller.feed.next() is not None:
            self._acknowledged.clear()
            await self._acknowledged.wait()

    async def close(self, code: int, reason: str) -> None:
        """End the connection, and tell the page why."""
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close(code, reason)

    def begin_to_close(self, code: int, reason: str) -> asyncio.Task[None]:
        """Close without waiting: a page that no longer reads may hold that up for long."""
        self._ending = self._loop.create_task(self.close(code, reason))
        return self._ending

    # --- in ---------------------------------------------------------------------------------

    async def _read(self) -> str | None:
        # Not `receive_text`: after a push that could not be sent it returns nothing more, even
        # when messages are left that a closed page sent before.
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        text: str | None = message.get("text")
        if text is None:  # our pages send no binary messages
            await self.close(1003, "text only")
        return text

    def _take(self, text: str) -> None:
        answer = _read_answer(text)
        if answer is None:
            self._door.post(self._caller, text)
        elif answer == (self.load, PROBE):
            self._probed.set()
        else:
            has_more = self._caller.feed.acknowledge(*answer)
            self._acknowledged.set()
            if has_more:
                self._on_wake(False)

    # --- out --------------------------------------------------------------------------------

    def _on_wake(self, urgent: bool) -> None:
        self._is_urgent = self._is_urgent or urgent
        if self._is_urgent or self._loop.time() >= self._not_before:
            self._due.set()
        elif self._timer is None:
            self._timer = self._loop.call_at(self._not_before, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._due.set()

    async def _push(self) -> None:
        sent: Push | None = None
        while True:
            await self._due.wait()
            self._due.clear()
            push = self._caller.feed.next()
            # One push is in flight at a time. An unacknowledged push of an earlier load is skipped.
            if push is None or push is sent or push.load != self.load:
                continue
            sent, self._is_urgent = push, False
            self._not_before = self._loop.time() + PUSH_INTERVAL_S
            await self._send(push.load, push.number, push.items)

    async def _probe(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            await self._send(self.load, PROBE, "")
        await self._probed.wait()

    async def _send(self, load: str, number: int, items: str) -> None:
        await self._socket.send_text(f'{{"push":["{load}",{number},[{items}]]}}')


def _read_answer(text: str) -> tuple[str, int] | None:
    if len(text) > MAX_ANSWER_CHARACTERS or '"answer"' not in text:
        return None
    try:
        return _answer.validate_json(text).get("answer")
    except ValidationError:
        return None
