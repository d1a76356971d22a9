"""The tabs of browsers. Each is a caller that outlives its connections."""

import asyncio
import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect

from shell.bridge.browser.connection import TabConnection
from shell.bridge.browser.peer import Peer
from shell.bridge.browser.tokens import AccessTokens, is_proof, prove
from shell.bridge.caller import Caller
from shell.bridge.door import Door
from shell.contract import Value

GRACE_S = 30.0
"""How long the runs of a tab that lost its connection go on before they count as left."""
GREETING_S = 5.0
"""How long a new connection may take to say who it is and to prove it."""
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
    """The first message of a connection. Nothing in it is secret."""

    tab: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
    load: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
    nonce: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{22,64}$")]
    """A random number, which the host's proof has to contain."""
    ticket: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")] | None = None
    """The id of the ticket that the page has; without one it has the tab's key."""
    version: int
    """The page's contract. A page of another one is told so by its hello, in words."""


class Proof(Value):
    """The second message: the page knows the secret that its greeting names."""

    proof: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(slots=True, eq=False)
class _Tab:
    caller: Caller
    link: TabConnection | None = None
    expiry: asyncio.TimerHandle | None = None
    admission: asyncio.Lock = field(default_factory=asyncio.Lock)


class Tabs:
    """Admits connections and keeps their tabs. Loop thread only.

    Args:
        door: takes the calls.
        passes: the secrets that let a page in.
        on_gone: told the caller's id when a tab is gone for good.
        grace_s: how long a tab without connection is waited for.
        new_caller: makes the caller of a tab, with its limits.
    """

    def __init__(
        self,
        door: Door,
        passes: AccessTokens,
        on_gone: Callable[[str], None],
        grace_s: float = GRACE_S,
        new_caller: Callable[[str], Caller] = Caller,
    ) -> None:
        self._door = door
        self._passes = passes
        self._on_gone = on_gone
        self._grace_s = grace_s
        self._new_caller = new_caller
        self._tabs: dict[str, _Tab] = {}
        self._strangers = 0
        self._closing = False

    async def serve(self, socket: WebSocket, peer: Peer) -> None:
        """Take a connection from its handshake to its end."""
        await socket.accept()
        greeting = await self._greet(socket, peer)
        if greeting is None:
            return
        tab = self._tabs.setdefault(greeting.tab, _Tab(self._new_caller(f"tab-{greeting.tab}")))
        link = TabConnection(socket, tab.caller, greeting.load, self._door, self._passes.ticket)
        try:
            if not await self._enter(tab, link):
                await link.close(TAKEN, "this tab is connected elsewhere")
                return
            # A page that came by a ticket learns its tab's key; the others have it.
            known = greeting.ticket is None
            welcome = {} if known else {"key": self._passes.tab_key(greeting.tab)}
            await socket.send_text(json.dumps({"welcome": welcome}))
            await link.run()
        except WebSocketDisconnect:
            pass
        finally:
            self._leave(greeting.tab, tab, link)

    async def close(self) -> None:
        """Refuse new tabs, deliver what is queued to the pages, and close every connection."""
        self._closing = True
        links = [tab.link for tab in self._tabs.values() if tab.link is not None]
        if links:
            drains = [asyncio.ensure_future(link.drain()) for link in links]
            _, late = await asyncio.wait(drains, timeout=DRAIN_S)
            for drain in late:
                drain.cancel()
            ends = [link.begin_to_close(CLOSING, "the program is closing") for link in links]
            await asyncio.wait(ends, timeout=DRAIN_S)
        for tab in self._tabs.values():
            if tab.expiry is not None:
                tab.expiry.cancel()

    # --- inside -----------------------------------------------------------------------------

    async def _greet(self, socket: WebSocket, peer: Peer) -> Greeting | None:
        """The greeting of a page that has proved itself; otherwise the socket is closed."""
        code, reason = REFUSED, "the first message is not a greeting"
        if self._strangers >= MAX_STRANGERS:
            await socket.close(REFUSED, "too many connections")
            return None
        self._strangers += 1
        try:
            async with asyncio.timeout(GREETING_S):
                text = await socket.receive_text()
                greeting = Greeting.model_validate_json(text, by_alias=True, by_name=False)
                is_admitted = await self._prove(socket, greeting, peer)
            if self._closing:
                code, reason = CLOSING, "the program is closing"
            elif not is_admitted:
                _log.warning("A connection that did not prove itself was refused")
                code, reason = NO_PASS, "no valid proof"
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

    async def _prove(self, socket: WebSocket, greeting: Greeting, peer: Peer) -> bool:
        """Show the page that we are its host, and have it show that it may come in."""
        name = greeting.ticket
        if name is None:
            secret = self._passes.tab_key(greeting.tab)
        else:
            ticket = self._passes.find(name, greeting.tab)
            if ticket is None or (ticket.owner_only and peer is not Peer.OWNER):
                return False
            secret = ticket.secret
        nonce = secrets.token_hex(16)
        facts = (greeting.tab, greeting.load, greeting.nonce, nonce)
        ours = {"nonce": nonce, "proof": prove(secret, "host", *facts)}
        await socket.send_text(json.dumps({"challenge": ours}))
        text = await socket.receive_text()
        theirs = Proof.model_validate_json(text, by_alias=True, by_name=False).proof
        # Two pages may prove the same ticket: it lets in the first.
        proved = is_proof(theirs, secret, "page", *facts)
        return proved and (name is None or self._passes.use(name, greeting.tab))

    async def _enter(self, tab: _Tab, link: TabConnection) -> bool:
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
            replaced.begin_to_close(1000 if same else TAKEN, "another connection took over")
        return True

    def _leave(self, tab_id: str, tab: _Tab, link: TabConnection) -> None:
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
