"""A running program but for its pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shell.bridge.door import Door
from shell.inference.engine import Engine
from shell.support.hooks import call_hook

Hook = Callable[[], object]


class Closes(Protocol):
    """A provider, or the runtime of Tidewire's own."""

    async def close(self) -> None:
        """Give up what it holds."""


@dataclass(frozen=True, slots=True)
class ProgramHost:
    """The door, the engines behind it, and what has to be closed at the end."""

    door: Door
    engines: Sequence[Engine]
    closing: Sequence[Closes]
    on_stop: Hook | None
    on_closed: Callable[[str], None]

    def forget_caller(self, caller_id: str) -> None:
        """End what belongs to a window or tab that is gone for good."""
        for engine in self.engines:
            engine.close_owner(caller_id)
        self.on_closed(caller_id)

    async def end_runs(self) -> None:
        """End streams and runs while pages can still be told how they ended."""
        for engine in self.engines:
            await engine.close()

    async def close(self) -> None:
        """Close the rest, after the pages are gone."""
        await self.door.close()
        if self.on_stop is not None:
            await call_hook(self.on_stop)
        for one in self.closing:
            await one.close()
