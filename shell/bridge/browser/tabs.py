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
"""How long a tab that lost its connection may take to come back before its runs end."""
GREETING_S = 5.0
"""How long a new connection may take to send its greeting and its proof."""
PROBE_S = 2.0
"""How long a tab's page may take to answer a probe before the tab's new page takes over. A page
that was reloaded has closed its connection long before."""
DRAIN_S = 0.5
"""How long a closing host waits for pages to take the last events."""
MAX_TABS = 200
MAX_UNPROVED = 32
"""Limit on connections that have not sent their proof yet."""

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
    """The page's contract. The reply to the hello tells a page of another version so."""


class Proof(Value):
    """The second message: the page knows the secret that its greeting names."""

    proof: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


@dataclass(slots=True, eq=False)
class _Tab:
    caller: Caller
    connection: TabConnection | None = None
    expiry: asyncio.TimerHandle | None = None
    admission: asyncio.Lock = field(default_factory=asyncio.Lock)


class Tabs:
    """Admits connections and holds their tabs. Loop thread only.

    Args:
        door: takes the calls.
        tokens: the secrets that let a page in.
        on_expired: called with the caller's id when a tab is gone for good.
        grace_s: how long a tab without connection may take to come back.
        new_caller: makes the caller of a tab, with its limits.
    """

    def __init__(
        self,
        door: Door,
        tokens: AccessTokens,
        on_expired: Callable[[str], None],
        grace_s: float = GRACE_S,
        new_caller: Callable[[str], Caller] = Caller,
    ) -> None:
        self._door = door
        self._tokens = tokens
        self._on_expired = on_expired
        self._grace_s = grace_s
        self._new_caller = new_caller
        self._tabs: dict[str, _Tab] = {}
        self._unproved = 0
        self._closing = False

    async def serve(self, socket: WebSocket, peer: Peer) -> None:
        """Take a connection from its handshake to its end."""
        await socket.accept()
        greeting = await self._read_greeting(socket, peer)
        if greeting is None:
            return
        tab = self._tabs.setdefault(greeting.tab, _Tab(self._new_caller(f"tab-{greeting.tab}")))
        connection = TabConnection(
            socket, tab.caller, greeting.load, self._door, self._tokens.ticket
        )
        try:
            if not await self._occupy(tab, connection):
                await connection.close(TAKEN, "this tab is connected elsewhere")
                return
            # A page that came by a ticket receives its tab's key; other pages have it.
            has_key = greeting.ticket is None
            welcome = {} if has_key else {"key": self._tokens.tab_key(greeting.tab)}
            await socket.send_text(json.dumps({"welcome": welcome}))
            await connection.run()
        except WebSocketDisconnect:
            pass
        finally:
            self._disconnect(greeting.tab, tab, connection)

    async def close(self) -> None:
        """Refuse new tabs, deliver what is queued to the pages, and close every connection."""
        self._closing = True
        tabs = self._tabs.values()
        connected = [tab.connection for tab in tabs if tab.connection is not None]
        if connected:
            drains = [asyncio.ensure_future(each.drain()) for each in connected]
            _, late = await asyncio.wait(drains, timeout=DRAIN_S)
            for drain in late:
                drain.cancel()
            tasks = [each.begin_to_close(CLOSING, "the program is closing") for each in connected]
            await asyncio.wait(tasks, timeout=DRAIN_S)
        for tab in self._tabs.values():
            if tab.expiry is not None:
                tab.expiry.cancel()

    # --- inside -----------------------------------------------------------------------------

    async def _read_greeting(self, socket: WebSocket, peer: Peer) -> Greeting | None:
        """Return the greeting of a page that has proved itself; otherwise close the socket."""
        code, reason = REFUSED, "the first message is not a greeting"
        if self._unproved >= MAX_UNPROVED:
            await socket.close(REFUSED, "too many connections")
            return None
        self._unproved += 1
        try:
            async with asyncio.timeout(GREETING_S):
                text = await socket.receive_text()
                greeting = Greeting.model_validate_json(text, by_alias=True, by_name=False)
                is_admitted = await self._authenticate(socket, greeting, peer)
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
            self._unproved -= 1
        await socket.close(code, reason)
        return None

    async def _authenticate(self, socket: WebSocket, greeting: Greeting, peer: Peer) -> bool:
        """Prove to the page that this is its host, and check the page's own proof."""
        name = greeting.ticket
        if name is None:
            secret = self._tokens.tab_key(greeting.tab)
        else:
            ticket = self._tokens.find(name, greeting.tab)
            if ticket is None or (ticket.owner_only and peer is not Peer.OWNER):
                return False
            secret = ticket.secret
        nonce = secrets.token_hex(16)
        facts = (greeting.tab, greeting.load, greeting.nonce, nonce)
        ours = {"nonce": nonce, "proof": prove(secret, "host", *facts)}
        await socket.send_text(json.dumps({"challenge": ours}))
        text = await socket.receive_text()
        theirs = Proof.model_validate_json(text, by_alias=True, by_name=False).proof
        # Two pages may prove the same ticket; it lets in only the first.
        proved = is_proof(theirs, secret, "page", *facts)
        return proved and (name is None or self._tokens.use(name, greeting.tab))

    async def _occupy(self, tab: _Tab, connection: TabConnection) -> bool:
        """Make `connection` the tab's own. False when another page holds the tab and is alive."""
        async with tab.admission:
            other = tab.connection
            is_foreign = other is not None and other.load != connection.load
            if other is not None and is_foreign and await other.is_alive(PROBE_S):
                return False
            replaced, tab.connection = tab.connection, connection
            if tab.expiry is not None:
                tab.expiry.cancel()
                tab.expiry = None
        if replaced is not None:
            # Either the same page, which has noticed before us that its connection is dead, or a
            # page that no longer answers and must take another tab id if it wakes up.
            same = replaced.load == connection.load
            replaced.begin_to_close(1000 if same else TAKEN, "another connection took over")
        return True

    def _disconnect(self, tab_id: str, tab: _Tab, connection: TabConnection) -> None:
        if tab.connection is connection:
            tab.connection = None
            tab.caller.feed.on_wake(None)
        if tab.connection is None and tab.expiry is None and not self._closing:
            loop = asyncio.get_running_loop()
            tab.expiry = loop.call_later(self._grace_s, self._expire, tab_id, tab)

    def _expire(self, tab_id: str, tab: _Tab) -> None:
        if tab.connection is None and not tab.admission.locked():
            self._tabs.pop(tab_id, None)
            tab.caller.feed.close()
            self._on_expired(tab.caller.id)
