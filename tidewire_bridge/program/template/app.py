"""{{name}}: `python app.py` opens the window, `python app.py serve` the browser."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

from pydantic import BaseModel

from tidewire_bridge import App, Caller, Stream


class Reading(BaseModel):
    """One measurement of the tide."""

    minute: int
    metres: float


class Tide:
    """What the page may call: each public method, by its name."""

    def mean(self, caller: Caller, heights: list[float]) -> float:
        """The mean of some heights."""
        return sum(heights) / max(1, len(heights))

    def readings(self, caller: Caller, count: int) -> Stream[Reading]:
        """Stream measurements; the page follows them by the id that it gets."""
        return app.stream(caller, _readings(count))


async def _readings(count: int) -> AsyncGenerator[Reading, None]:
    for minute in range(count):
        yield Reading(minute=minute, metres=1 + minute / 10)
        await asyncio.sleep(0.02)


app = App(Path(__file__).parent / "page" / "dist", {"tide": Tide()}, title="{{name}}")

if __name__ == "__main__":
    app.main()
