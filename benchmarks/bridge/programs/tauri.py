"""A Tauri window driven from Python by pytauri-wheel, in an environment of its own.

    python -m benchmarks.bridge.programs.tauri

Its ways: a channel for every stream with a message a token, the same with what came in 8 ms as one
message, and an event a token.
"""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from anyio.from_thread import start_blocking_portal
from pydantic import BaseModel
from pytauri import AppHandle, Commands, Emitter  # type: ignore[import-not-found]
from pytauri.ipc import Channel, JavaScriptChannelId  # type: ignore[import-not-found]
from pytauri.webview import WebviewWindow  # type: ignore[import-not-found]
from pytauri_wheel.lib import builder_factory, context_factory  # type: ignore[import-not-found]

from benchmarks.bridge.programs.stage import Stage, serve_orders

TAURI = Path(__file__).parents[1] / "tauri"
BATCH_S = 0.008


class Nothing(BaseModel):
    """No parameters."""


class Report(BaseModel):
    """A page's report."""

    text: str


class Echo(BaseModel):
    """The parameters and the reply of a call."""

    number: int
    text: str


class Channels(BaseModel):
    """A channel for every stream."""

    channels: list[JavaScriptChannelId]


class Messages:
    """Sends each token as a message into the stream's channel."""

    def __init__(self, channels: list[Channel[BaseModel]]) -> None:
        self._channels = channels

    def prepare(self, run: int, streams: int) -> None:
        """The page brings new channels."""
        self._channels.clear()

    def send(self, stream: int, token: str) -> None:
        """Send the token."""
        self._channels[stream].send(json.dumps(token))

    def finish(self) -> None:
        """The channels stay until the page brings others."""


class Batches(Messages):
    """Sends the tokens of 8 ms as one message into the stream's channel."""

    def __init__(self, channels: list[Channel[BaseModel]], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(channels)
        self._loop = loop
        self._waiting: dict[int, list[str]] = {}

    def send(self, stream: int, token: str) -> None:
        """Keep the token until the batch is sent."""
        if not self._waiting:
            self._loop.call_later(BATCH_S, self._flush)
        self._waiting.setdefault(stream, []).append(token)

    def _flush(self) -> None:
        for stream, tokens in self._waiting.items():
            self._channels[stream].send(json.dumps(["".join(tokens), len(tokens)]))
        self._waiting = {}


class Emits(Messages):
    """Emits an event for each token."""

    def __init__(self, app: Callable[[], AppHandle]) -> None:
        super().__init__([])
        self._app = app

    def send(self, stream: int, token: str) -> None:
        """Emit the token."""
        Emitter.emit_str(self._app(), "token", json.dumps([stream, token]))


def main() -> None:
    commands = Commands()
    apps: list[AppHandle] = []
    channels: list[Channel[BaseModel]] = []
    with start_blocking_portal("asyncio") as portal:
        loop = portal.call(_loop)
        ways = {
            "channel": Messages(channels),
            "channel batches": Batches(channels, loop),
            "emit": Emits(lambda: apps[0]),
        }
        stage = portal.call(lambda: Stage(ways))

        async def order(body: Nothing) -> str:
            return await stage.next()

        async def report(body: Report) -> bool:
            return stage.report(body.text)

        async def clock(body: Nothing) -> float:
            return stage.clock()

        async def echo(body: Echo) -> Echo:
            return body

        async def listen(body: Channels, webview_window: WebviewWindow) -> bool:
            webview = webview_window.as_ref_webview()
            channels.extend(channel.channel_on(webview) for channel in body.channels)
            return True

        for name, command in {
            "next": order,
            "report": report,
            "clock": clock,
            "echo": echo,
            "listen": listen,
        }.items():
            commands.set_command(name, command)
        app = builder_factory().build(
            context=context_factory(TAURI),
            invoke_handler=commands.generate_handler(portal),
        )
        apps.append(app.handle())
        serve_orders(stage, loop, lambda: apps[0].exit(0))
        app.run_return()


async def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


if __name__ == "__main__":
    main()
