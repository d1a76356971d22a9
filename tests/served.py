"""A host with the echo provider behind a loopback server, and a browser's tab for it."""

import asyncio
import json
import socket
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from shell.api.llm import LlmApi
from shell.api.shell import ShellApi
from shell.bridge.appearance import Appearance
from shell.bridge.browser.connection import TICKET_WANTED
from shell.bridge.browser.server import BrowserServer
from shell.bridge.browser.tabs import Tabs
from shell.bridge.browser.tokens import AccessTokens
from shell.bridge.desktop.page_server import PageServer
from shell.bridge.door import Door
from shell.bridge.feed import Feed
from shell.bridge.listener import listen
from shell.bridge.page import MANIFEST, load_page
from shell.contract import CONTRACT_VERSION, Defaults
from shell.inference.engine import Engine
from shell.providers.testing.echo import EchoProvider
from tests.host_process import PATIENCE_S
from tests.way_in import Entry, handshake

FILES = {
    "assets/main-abc123.js": "console.log('built')\n",
    "assets/vendor-def456.js": "export{}\n",
    "assets/later-789abc.js": "export{}\n",
    "assets/main-abc123.css": "body{margin:0}\n",
    "assets/math-112233.woff2": "font",
    "assets/main-abc123.js.map": "{}",
}
ENTRIES = {
    "index.html": {
        "file": "assets/main-abc123.js",
        "src": "index.html",
        "isEntry": True,
        "imports": ["_vendor.js"],
        "dynamicImports": ["later.ts"],
        "css": ["assets/main-abc123.css"],
        "assets": ["assets/math-112233.woff2"],
    },
    "_vendor.js": {"file": "assets/vendor-def456.js"},
    "later.ts": {"file": "assets/later-789abc.js", "isDynamicEntry": True},
}


def write_built_page(directory: Path) -> None:
    """Write the output of Vite: an entry with a style and a font, a lazy chunk, a stray map."""
    for name, text in {**FILES, MANIFEST: json.dumps(ENTRIES)}.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


@dataclass
class LoopbackHost:
    """A host with the echo provider behind a loopback server."""

    loopback: BrowserServer | PageServer
    engine: Engine
    access_tokens: AccessTokens
    closed_owners: list[str] = field(default_factory=list)
    appearance: Appearance = field(default_factory=Appearance)

    @property
    def port(self) -> int:
        return int(self.loopback.address.rpartition(":")[2])

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def is_stuck(self) -> bool:
        """Whether a connection cannot be written to because its page does not read."""
        assert isinstance(self.loopback, BrowserServer)
        connections = self.loopback._server.server_state.connections
        return any(
            not connection.writable.is_set()
            for connection in connections
            if hasattr(connection, "writable")
        )

    def feed(self, tab: str) -> Feed:
        """The host's feed for a tab."""
        assert isinstance(self.loopback, BrowserServer)
        return self.loopback._tabs._tabs[tab].caller.feed


@asynccontextmanager
async def serving(
    *, browser: bool = True, grace_s: float = 30.0, dev_url: str | None = None
) -> AsyncIterator[LoopbackHost]:
    """A host for as long as the context lasts, with a door for browsers if `browser` is true."""
    echo = EchoProvider(rate=None)
    engine = Engine(lambda _: echo)
    shell = ShellApi(
        "test",
        defaults=lambda: Defaults(provider_id="echo", model_id="echo"),
        open_window=lambda: False,
        open_link=lambda _: False,
    )
    door = Door({"llm": LlmApi(engine), "shell": shell})
    access_tokens = AccessTokens()
    closed_owners: list[str] = []

    def close_owner(owner: str) -> None:
        closed_owners.append(owner)
        engine.close_owner(owner)

    with TemporaryDirectory() as directory:
        write_built_page(Path(directory))
        page = load_page(Path(directory))
    listener = listen(0)

    def appearance() -> Appearance:
        return server.appearance

    loopback: BrowserServer | PageServer
    if browser:
        tabs = Tabs(door, access_tokens, close_owner, grace_s)
        loopback = BrowserServer(listener, page, tabs, access_tokens, appearance, dev_url)
    else:
        loopback = PageServer(listener, page, appearance)
    server = LoopbackHost(loopback, engine, access_tokens, closed_owners)
    loopback.start()
    try:
        yield server
    finally:
        await engine.close()
        await loopback.stop()
        await door.close()


class Browser:
    """A page as the host sees it: a tab, a load, its calls, and the events and replies it got."""

    def __init__(
        self, server: LoopbackHost, tab: str | None = None, load: str | None = None
    ) -> None:
        self.served = server
        self.tab = tab or str(uuid.uuid4())
        self.load = load or str(uuid.uuid4())
        self.last_push = 0
        self.events: list[dict[str, object]] = []
        self.replies: dict[int, dict[str, object]] = {}
        self.tickets: list[str] = []
        self.answering = True
        self.thinking_s = 0.0
        """How long the page takes to answer a push."""
        self._last_call = 0
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._received = asyncio.Condition()

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None
        return self._socket

    @property
    def reader(self) -> asyncio.Task[None]:
        assert self._reader is not None
        return self._reader

    async def open(
        self,
        *,
        ticket: str | None = None,
        key: str | None = None,
        receive_bytes: int | None = None,
        **fields: object,
    ) -> dict[str, object]:
        """Connect with the tab's own key, or with `ticket` or `key`; returns the welcome.

        `receive_bytes` is about the size of the system's buffers for a page that does not read.
        """
        host = self.served.host
        line: dict[str, Any] = {}
        if receive_bytes is not None:
            listener, line["sock"] = self.served.loopback._listener, socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, receive_bytes)
            line["sock"].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            line["sock"].connect(("127.0.0.1", self.served.port))  # the listener's queue takes it
        self._socket = await connect(
            f"ws://{host}/door",
            origin=Origin(f"http://{host}"),
            compression=None,
            max_size=None,
            **line,
        )
        own = self.served.access_tokens.tab_key(self.tab) if key is None else key
        entry = Entry(tab=self.tab, load=self.load, ticket=ticket, key=own, **fields)
        welcome = await handshake(self._socket, entry)
        self._reader = asyncio.create_task(self._read(self._socket))
        return welcome

    async def hello(self) -> dict[str, object]:
        params = {"version": CONTRACT_VERSION, "lastPush": self.last_push}
        return await self.call("shell.hello", params)

    async def call(self, method: str, params: object = None) -> dict[str, object]:
        """Make one call and return its reply, which may be an error."""
        self._last_call += 1
        number = self._last_call
        await self.socket.send(self.batch(method, params, number))
        await self.until(lambda: number in self.replies)
        return self.replies[number]

    async def ticket(self) -> str:
        """A ticket for a new tab of the same browser."""
        count = len(self.tickets)
        await self.socket.send(TICKET_WANTED)
        await self.until(lambda: len(self.tickets) > count)
        return self.tickets[-1]

    def batch(self, method: str, params: object = None, number: int = 0) -> str:
        """The text that carries one call."""
        call = {"id": number, "method": method, "params": params}
        return json.dumps({"version": CONTRACT_VERSION, "load": self.load, "calls": [call]})

    async def infer(self, script: str, **fields: object) -> str:
        params = {
            "providerId": "echo",
            "messages": [{"role": "user", "content": script}],
            **fields,
        }
        reply = await self.call("llm.inference", params)
        assert reply["ok"], reply
        return str(reply["value"])

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S), self._received:
            await self._received.wait_for(condition)

    async def wait_for_end(self) -> None:
        await self.until(lambda: self.terminal is not None)

    @property
    def terminal(self) -> dict[str, object] | None:
        kinds = ("llm:done", "llm:error")
        return next((event for event in self.events if event["channel"] in kinds), None)

    @property
    def text(self) -> str:
        """The received text. A part that arrives again is recognized by its `seq` and skipped."""
        text, last = "", -1
        for event in self.events:
            seq, count = event["seq"], event.get("count", 1)
            assert isinstance(seq, int)
            assert isinstance(count, int)
            if seq <= last:
                continue
            assert seq == last + 1, f"a gap after {last}: {event}"
            last = seq + count - 1
            text += str(event.get("token", ""))
        return text

    async def drop(self) -> None:
        """Abort the connection."""
        self.socket.transport.abort()
        await self.wait_closed()

    async def wait_closed(self) -> None:
        """Wait until the connection has ended, whichever side closed it."""
        await self.socket.wait_closed()
        await self.reader

    async def close(self) -> None:
        await self.socket.close()
        await self.wait_closed()

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                frame = json.loads(text)
                if "ticket" in frame:
                    async with self._received:
                        self.tickets.append(frame["ticket"])
                        self._received.notify_all()
                    continue
                load, number, items = frame["push"]
                await self._receive(socket, load, number, items)
        except ConnectionClosed:
            pass

    async def _receive(
        self, socket: ClientConnection, load: str, number: int, items: list[dict[str, object]]
    ) -> None:
        if load != self.load or not self.answering:
            return
        if number > self.last_push:
            assert number == self.last_push + 1
            self.last_push = number
            async with self._received:
                for item in items:
                    if item["channel"] == "reply":
                        call = item["id"]
                        assert isinstance(call, int)
                        self.replies[call] = item
                    else:
                        self.events.append(item)
                self._received.notify_all()
        await asyncio.sleep(self.thinking_s)
        await socket.send(json.dumps({"answer": [load, number]}))
