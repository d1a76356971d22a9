"""Tabs: the browser's tabs, each a caller that outlives its connections."""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from shell.bridge.browser.connection import Link
from shell.bridge.browser.tokens import Passes
from shell.bridge.caller import Caller
from shell.bridge.door import Door
from shell.contract import Value

GRACE_S = 30.0
"""How long the runs of a tab that lost its connection go on before they count as left."""
GREETING_S = 5.0
"""How long a new connection may take to say who it is."""
LIVES_S = 2.0
"""A page that has not answered for this long is given up, and its tab's new page takes over. A
page that was reloaded has closed its connection long before."""
DRAIN_S = 0.5
"""How long a closing host waits for pages to take the last events."""
MAX_TABS = 200
MAX_STRANGERS = 32
"""Connections that have not shown a pass yet."""

CLOSING = 1001
REFUSED = 1008
NO_PASS = 4401
TAKEN = 4409
_log = logging.getLogger(__name__)


class Greeting(Value):
    """The first message of a connection."""

    token: Annotated[str, Field(max_length=200)] | None = None
    ticket: Annotated[str, Field(max_length=200)] | None = None
    tab: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
    load: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
    version: int
    """The page's contract. A page of another one is told so by its hello, in words."""


@dataclass(slots=True, eq=False)
class _Tab:
    caller: Caller
    link: Link | None = None
    expiry: asyncio.TimerHandle | None = None
    admission: asyncio.Lock = field(default_factory=asyncio.Lock)


class Tabs:
    """Admits connections and keeps their tabs. Loop thread only.

    Args:
        door: takes the calls.
        passes: says who may come in.
        on_gone: told the caller's id when a tab is gone for good.
        grace_s: how long a tab without connection is waited for.
    """

    def __init__(
        self, door: Door, passes: Passes, on_gone: Callable[[str], None], grace_s: float = GRACE_S
    ) -> None:
        self._door = door
        self._passes = passes
        self._on_gone = on_gone
        self._grace_s = grace_s
        self._tabs: dict[str, _Tab] = {}
        self._strangers = 0
        self._closing = False

    async def serve(self, socket: WebSocket) -> None:
        """Take a connection from its handshake to its end."""
        await socket.accept()
        greeting = await self._greet(socket)
        if greeting is None:
            return
        tab = self._tabs.setdefault(greeting.tab, _Tab(Caller(f"tab-{greeting.tab}")))
        link = Link(socket, tab.caller, greeting.load, self._door)
        try:
            if not await self._enter(tab, link):
                await link.close(TAKEN, "this tab is connected elsewhere")
                return
            await socket.send_text(json.dumps({"welcome": {"token": self._passes.token}}))
            await link.run()
        except WebSocketDisconnect:
            pass
        finally:
            self._leave(greeting.tab, tab, link)

    async def close(self) -> None:
        """Admit nobody any more; let the pages take what there is to tell; end every link."""
        self._closing = True
        links = [tab.link for tab in self._tabs.values() if tab.link is not None]
        if links:
            drains = [asyncio.ensure_future(link.drain()) for link in links]
            _, late = await asyncio.wait(drains, timeout=DRAIN_S)
            for drain in late:
                drain.cancel()
            await asyncio.gather(*(link.close(CLOSING, "Tidewire is closing") for link in links))
        for tab in self._tabs.values():
            if tab.expiry is not None:
                tab.expiry.cancel()

    # --- inside -----------------------------------------------------------------------------

    async def _greet(self, socket: WebSocket) -> Greeting | None:
        """The valid first message of a caller with a pass; otherwise the socket is closed."""
        code, reason = REFUSED, "the first message is not a greeting"
        if self._strangers >= MAX_STRANGERS:
            await socket.close(REFUSED, "too many connections")
            return None
        self._strangers += 1
        try:
            async with asyncio.timeout(GREETING_S):
                text = await socket.receive_text()
            greeting = Greeting.model_validate_json(text, by_alias=True, by_name=False)
            if self._closing:
                code, reason = CLOSING, "Tidewire is closing"
            elif not self._passes.admit(greeting.token, greeting.ticket):
                _log.warning("A connection without a valid pass was refused")
                code, reason = NO_PASS, "no valid token"
            elif greeting.tab not in self._tabs and len(self._tabs) >= MAX_TABS:
                reason = "too many tabs"
            else:
                return greeting
        except WebSocketDisconnect:
            return None
        except (TimeoutError, ValidationError, KeyError):
            pass
        finally:
            self._strangers -= 1
        await socket.close(code, reason)
        return None

    async def _enter(self, tab: _Tab, link: Link) -> bool:
        """Make `link` the tab's own. False when another page holds the tab and is alive."""
        async with tab.admission:
            other = tab.link
            if other is not None and other.load != link.load and await other.lives(LIVES_S):
                return False
            replaced, tab.link = tab.link, link
            if tab.expiry is not None:
                tab.expiry.cancel()
                tab.expiry = None
        if replaced is not None:
            # The same page, which has noticed before us that its connection is dead; or a page
            # that does not answer any more, and has to take another tab id if it wakes up.
            same = replaced.load == link.load
            await replaced.close(1000 if same else TAKEN, "another connection took over")
        return True

    def _leave(self, tab_id: str, tab: _Tab, link: Link) -> None:
        if tab.link is link:
            tab.link = None
            tab.caller.feed.on_wake(None)
        if tab.link is None and tab.expiry is None and not self._closing:
            loop = asyncio.get_running_loop()
            tab.expiry = loop.call_later(self._grace_s, self._expire, tab_id, tab)

    def _expire(self, tab_id: str, tab: _Tab) -> None:
        if tab.link is None and not tab.admission.locked():
            self._tabs.pop(tab_id, None)
            tab.caller.feed.close()
            self._on_gone(tab.caller.id)
