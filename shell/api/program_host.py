"""A running program without its pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from shell.bridge.door import Door
from shell.inference.engine import Engine
from shell.support.hooks import call_hook

Hook = Callable[[], object]


class Closeable(Protocol):
    """A provider, or Tidewire's own runtime."""

    async def close(self) -> None:
        """Release all resources."""


@dataclass(frozen=True, slots=True)
class ProgramHost:
    """The door, the engines behind it, and the resources to close at the end."""

    door: Door
    engines: Sequence[Engine]
    resources: Sequence[Closeable]
    on_stop: Hook | None
    on_closed: Callable[[str], None]

    def forget_caller(self, caller_id: str) -> None:
        """End what belongs to a window or tab that is gone for good."""
        for engine in self.engines:
            engine.close_owner(caller_id)
        self.on_closed(caller_id)

    async def end_runs(self) -> None:
        """End streams and runs while pages can still receive how they ended."""
        for engine in self.engines:
            await engine.close()

    async def close(self) -> None:
        """Close the rest, after the pages are gone."""
        await self.door.close()
        if self.on_stop is not None:
            await call_hook(self.on_stop)
        for resource in self.resources:
            await resource.close()
