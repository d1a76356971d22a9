"""Runs measurements with the help of the page. All peers share this module."""

import asyncio
import itertools
import json
import statistics
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from benchmarks.bridge.programs import processor
from benchmarks.bridge.programs.flow import Flow, Wrong, check, latencies

PATIENCE_S = 120.0
IDLE_S = 20.0
"""Seconds after which a page asks for its next order again."""
PAUSE_S = 0.3
CLOCK_QUESTIONS = 30
FINE_CLOCK_MS = 0.5
"""Some web views round a page's clock down to whole milliseconds."""

Figures = dict[str, float]


class Way(Protocol):
    """One way for a program to send tokens to its page. Called on the loop."""

    def prepare(self, run: int, streams: int) -> None:
        """Called before the page listens."""

    def send(self, stream: int, token: str) -> Awaitable[None] | None:
        """Send one token to the page, or arrange that it is sent."""

    def finish(self) -> None:
        """Called right after the last token."""


class Stage:
    """Gives orders to the page, and takes its reports. Create it on its loop.

    The page calls `next`, `report` and `clock`.
    """

    def __init__(self, ways: Mapping[str, Way], address: str = "") -> None:
        """`address` is the address of the WebSocket, if there is one."""
        self._ways = ways
        self._address = address
        self._orders: asyncio.Queue[Mapping[str, object]] = asyncio.Queue()
        self._reports: asyncio.Queue[str] = asyncio.Queue()
        self._runs = itertools.count()

    # --- calls of the page ------------------------------------------------------------------

    async def next(self) -> str:
        """The page's next order, as JSON."""
        try:
            return json.dumps(await asyncio.wait_for(self._orders.get(), IDLE_S))
        except TimeoutError:
            return '{"do": "wait"}'

    def report(self, text: str) -> bool:
        """Take the page's report, as JSON."""
        self._reports.put_nowait(text)
        return True

    def clock(self) -> float:
        """The host's clock, in milliseconds."""
        return time.time() * 1000

    # --- calls of the benchmark -------------------------------------------------------------

    async def flow(self, way: str, flow: Flow) -> Figures:
        """Send tokens in a way, check that the page got them, and return the figures.

        Raises:
            Wrong: the page did not get every token as it was sent.
        """
        run, chosen, texts = next(self._runs), self._ways[way], flow.texts()
        chosen.prepare(run, flow.streams)
        source = {"way": way, "run": run, "streams": flow.streams, "address": self._address}
        display = {"tokens": flow.tokens, "visible": flow.visible}
        reply = await self._ask({"do": "listen", **display, **source})
        if reply != "listening":
            raise Wrong(f"the page said {reply!r} instead of listening")
        await asyncio.sleep(PAUSE_S)
        own_s, all_s = processor.own_s(), processor.all_s()
        created = await flow.run(texts, chosen.send)
        chosen.finish()
        finished = await self._answer()
        own_s, all_s = processor.own_s() - own_s, processor.all_s() - all_s
        if finished != "finished":
            raise Wrong(f"the page said {finished!r} instead of finishing")
        report = await self._ask({"do": "tell"})
        ahead_ms = await self._ahead_ms()
        check(texts, report["texts"])
        latencies_ms = sorted(latencies(created, report["updates"], ahead_ms))
        tokens = flow.streams * flow.tokens
        last = max(updates[-1] for updates in report["updates"]) - ahead_ms
        seconds = last / 1000 - min(times[0] for times in created)
        return {
            "tokens": tokens,
            "seconds": seconds,
            "tokens_per_s": tokens / seconds,
            "host_us": 1e6 * own_s / tokens,
            "all_us": 1e6 * all_s / tokens,
            "p50_ms": statistics.median(latencies_ms),
            "p95_ms": latencies_ms[int(0.95 * (len(latencies_ms) - 1))],
            "max_ms": latencies_ms[-1],
            "updates": sum(len(updates) // 2 for updates in report["updates"]),
            "frames_per_s": report["framesPerSecond"],
            "clock_ahead_ms": ahead_ms,
        }

    async def calls(self, parallel: int, sets: int) -> Figures:
        """Have the page make `parallel` calls at once, `sets` times.

        Raises:
            Wrong: a call got the answer of another call.
        """
        own_s = processor.own_s()
        report = await self._ask({"do": "calls", "parallel": parallel, "sets": sets})
        own_s = processor.own_s() - own_s
        if report["wrong"] or len(report["times"]) != sets:
            raise Wrong(f"{report['wrong']} calls got a wrong answer")
        times = sorted(report["times"])
        return {
            "calls": parallel * sets,
            "calls_per_s": parallel * sets * 1000 / report["total"],
            "p50_ms": statistics.median(times),
            "p95_ms": times[int(0.95 * (len(times) - 1))],
            "mean_ms": report["total"] / sets,
            "host_us": 1e6 * own_s / (parallel * sets),
        }

    async def _ahead_ms(self) -> float:
        """How far the page's clock is ahead, in ms; 0 where both may be the same clock."""
        bounds = await self._ask({"do": "clock", "times": CLOCK_QUESTIONS})
        least, most = bounds["least"], bounds["most"]
        if bounds["step"] < FINE_CLOCK_MS and least <= 0 <= most:
            return 0.0
        return float(least + most) / 2

    async def _ask(self, order: Mapping[str, object]) -> Any:
        self._orders.put_nowait(order)
        return await self._answer()

    async def _answer(self) -> Any:
        return json.loads(await asyncio.wait_for(self._reports.get(), PATIENCE_S))


def serve_orders(stage: Stage, loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
    """Read orders from standard input, one line of JSON each, in a thread of its own, and answer
    each with a line on standard output. `end` is called when there are no more.
    """

    def read() -> None:
        for line in sys.stdin:
            order = json.loads(line)
            kind = order.pop("kind")
            work = (
                stage.flow(order.pop("way"), Flow(**order))
                if kind == "flow"
                else stage.calls(**order)
            )
            answer: dict[str, object]
            try:
                answer = {"figures": asyncio.run_coroutine_threadsafe(work, loop).result()}
            except Exception as error:
                answer = {"error": f"{type(error).__name__}: {error}"}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
        end()

    threading.Thread(target=read, name="orders", daemon=True).start()
