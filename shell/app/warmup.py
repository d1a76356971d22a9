"""Greeter: answers a page's hello, and gets ready what its first question will need."""

import asyncio
from collections.abc import Callable

from shell.app.runtime import Runtime
from shell.contract import Defaults
from shell.providers.local.provider import LocalProvider

READY_AFTER_S = 0.5
"""What a page gets to draw itself before the model takes the processor."""


class Warmup:
    """After the first hello a page is there, and its first question will come in a moment: the keys
    are read, and the default model is loaded, if it is local. Loop thread only.
    """

    def __init__(self, core: Runtime, defaults: Callable[[], Defaults]) -> None:
        self._core = core
        self._defaults = defaults
        self._timer: asyncio.TimerHandle | None = None
        self._work: asyncio.Task[None] | None = None

    def begin(self) -> Defaults:
        """What new conversations use."""
        defaults = self._defaults()
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(READY_AFTER_S, self._begin, defaults.provider_id)
        return defaults

    def close(self) -> None:
        """Prepare nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._work is not None:
            self._work.cancel()

    def _begin(self, provider_id: str) -> None:
        work = self._get_ready(provider_id)
        self._work = asyncio.get_running_loop().create_task(work, name="get ready")

    async def _get_ready(self, provider_id: str) -> None:
        provider = self._core.providers.resolve(provider_id)
        ready = [self._core.load_keys()]
        if isinstance(provider, LocalProvider):
            ready.append(provider.warm())
        await asyncio.gather(*ready, return_exceptions=True)
