"""Core: the engine and its providers on a loop of their own: what every way to run models needs."""

import contextlib
import logging
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path

from shell.contract import Defaults
from shell.engine import Engine
from shell.loop import LoopThread
from shell.providers.registry import Providers
from shell.settings import Settings

CLOSE_S = 1.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Core:
    """Made by `core()`. The engine is touched on the loop's thread only."""

    thread: LoopThread
    providers: Providers
    engine: Engine

    def defaults(self, provider_id: str | None, model_id: str | None) -> Defaults:
        """What new conversations use: what a person chose, otherwise the embedded model.

        Raises:
            ValidationFailed: there is no such provider.
        """
        provider = self.providers.resolve(provider_id or self.providers.default_id)
        return Defaults(provider_id=provider.id, model_id=model_id or provider.default_model_id)


@contextlib.contextmanager
def core(data: Path) -> Iterator[Core]:
    """The engine and its providers, for as long as the context lasts.

    Args:
        data: the data directory; nothing is written there.
    """
    thread = LoopThread()
    thread.start()
    try:
        providers = Providers(data)
        engine = thread.call(lambda: Engine(providers.resolve, Settings()))
        try:
            yield Core(thread, providers, engine)
        finally:
            run_within(CLOSE_S, thread, _close(engine, providers))
    finally:
        thread.stop()


def run_within(limit_s: float, thread: LoopThread, work: Coroutine[None, None, None]) -> None:
    """Run what closes something; after `limit_s` it is left to the end of the process."""
    try:
        thread.run(work, limit_s)
    except TimeoutError:
        _log.warning("Something did not close within %s s and is left behind", limit_s)


async def _close(engine: Engine, providers: Providers) -> None:
    await engine.close()
    await providers.close()
