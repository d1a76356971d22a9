"""A window that adds, and that counts in a stream: `python examples/counter/app.py [serve]`."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

from pydantic import BaseModel

from tidewire_bridge import App, Caller


class Numbers(BaseModel):
    """What `add` takes; anything else is refused before it gets there."""

    left: int
    right: int


class Counter:
    """What the page may call, and all that it can reach."""

    def add(self, caller: Caller, params: Numbers) -> int:
        """The sum."""
        return params.left + params.right

    def count(self, caller: Caller, params: int) -> str:
        """Count to a number; the page follows the stream by the id that it gets."""
        return app.stream(caller, _numbers(params))


async def _numbers(last: int) -> AsyncGenerator[str, None]:
    for number in range(1, last + 1):
        yield f"{number} "
        await asyncio.sleep(0.01)


app = App(Path(__file__).parent / "page", {"counter": Counter()}, title="Counter")

if __name__ == "__main__":
    app.main()
