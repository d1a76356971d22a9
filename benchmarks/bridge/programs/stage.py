"""One measurement after another, with a page that does its part: what all peers share."""

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
"""A page asks for its next order again after this long."""
SETTLE_S = 0.3
CLOCK_QUESTIONS = 30
FINE_CLOCK_MS = 0.5
"""Some web views let a page's clock go in steps of a whole millisecond, always too late."""

Figures = dict[str, float]


class Way(Protocol):
    """One way in which a program can bring tokens to its page. Called on the loop."""

    def prepare(self, run: int, streams: int) -> None:
        """Before the page listens."""

    def send(self, stream: int, token: str) -> Awaitable[None] | None:
        """Bring one token, or see to it that it is brought."""

    def finish(self) -> None:
        """Right after the last token: there will be no more."""


class Stage:
    """Made on its loop. The page's side is `next`, `report` and `clock`."""

    def __init__(self, ways: Mapping[str, Way], address: str = "") -> None:
        """`address` is that of a WebSocket, where there is one."""
        self._ways = ways
        self._address = address
        self._orders: asyncio.Queue[Mapping[str, object]] = asyncio.Queue()
        self._reports: asyncio.Queue[str] = asyncio.Queue()
        self._runs = itertools.count()

    # --- what a page asks -------------------------------------------------------------------

    async def next(self) -> str:
        """The page's next order, as JSON."""
        try:
            return json.dumps(await asyncio.wait_for(self._orders.get(), IDLE_S))
        except TimeoutError:
            return '{"do": "wait"}'

    def report(self, text: str) -> bool:
        """What a page found, as JSON."""
        self._reports.put_nowait(text)
        return True

    def clock(self) -> float:
        """The host's clock, in milliseconds."""
        return time.time() * 1000

    # --- what the bench asks ----------------------------------------------------------------

    async def flow(self, way: str, flow: Flow) -> Figures:
        """Send tokens in a way, check what came of them, and tell how it went.

        Raises:
            Wrong: not all of them came, or not as they were sent.
        """
        run, chosen, texts = next(self._runs), self._ways[way], flow.texts()
        chosen.prepare(run, flow.streams)
        source = {"way": way, "run": run, "streams": flow.streams, "address": self._address}
        shown = {"tokens": flow.tokens, "visible": flow.visible}
        heard = await self._ask({"do": "listen", **shown, **source})
        if heard != "listening":
            raise Wrong(f"the page said {heard!r} instead of listening")
        await asyncio.sleep(SETTLE_S)
        own_s, all_s = processor.own_s(), processor.all_s()
        made = await flow.run(texts, chosen.send)
        chosen.finish()
        finished = await self._answer()
        own_s, all_s = processor.own_s() - own_s, processor.all_s() - all_s
        if finished != "finished":
            raise Wrong(f"the page said {finished!r} instead of finishing")
        found = await self._ask({"do": "tell"})
        ahead_ms = await self._ahead_ms()
        check(texts, found["texts"])
        waits = sorted(latencies(made, found["updates"], ahead_ms))
        tokens = flow.streams * flow.tokens
        last = max(updates[-1] for updates in found["updates"]) - ahead_ms
        seconds = last / 1000 - min(times[0] for times in made)
        return {
            "tokens": tokens,
            "seconds": seconds,
            "tokens_per_s": tokens / seconds,
            "host_us": 1e6 * own_s / tokens,
            "all_us": 1e6 * all_s / tokens,
            "p50_ms": statistics.median(waits),
            "p95_ms": waits[int(0.95 * (len(waits) - 1))],
            "max_ms": waits[-1],
            "updates": sum(len(updates) // 2 for updates in found["updates"]),
            "frames_per_s": found["framesPerSecond"],
            "clock_ahead_ms": ahead_ms,
        }

    async def calls(self, parallel: int, sets: int) -> Figures:
        """Let the page make `sets` times `parallel` calls at once.

        Raises:
            Wrong: an answer was another one's.
        """
        own_s = processor.own_s()
        found = await self._ask({"do": "calls", "parallel": parallel, "sets": sets})
        own_s = processor.own_s() - own_s
        if found["wrong"] or len(found["times"]) != sets:
            raise Wrong(f"{found['wrong']} calls got a wrong answer")
        times = sorted(found["times"])
        return {
            "calls": parallel * sets,
            "calls_per_s": parallel * sets * 1000 / found["total"],
            "p50_ms": statistics.median(times),
            "p95_ms": times[int(0.95 * (len(times) - 1))],
            "mean_ms": found["total"] / sets,
            "host_us": 1e6 * own_s / (parallel * sets),
        }

    async def _ahead_ms(self) -> float:
        """How far the page's clock is ahead; 0 where both may well be the same one."""
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


def obey(stage: Stage, loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
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
