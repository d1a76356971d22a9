"""The engine and its providers: what every way to run models needs."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shell.contract import Defaults
from shell.inference.engine import Engine
from shell.inference.limits import Settings
from shell.providers.keys import Keys
from shell.providers.registry import Providers
from shell.support.event_loop import LoopThread, event_loop_thread, run_within
from shell.support.logs import redact_also

if TYPE_CHECKING:
    from shell.tools.registry import Tools

CLOSE_S = 3.0
"""A server of MCP that does not end by itself takes one of them."""


class Runtime:
    """Made, used and closed on the loop's thread. Writes nothing."""

    def __init__(self, data: Path, environ: Mapping[str, str], settings: Settings) -> None:
        self.keys = Keys(environment=lambda each: self.providers.environment_key(each))
        redact_also(self.keys.secrets)
        self.providers = Providers(data, environ, find_key=self.keys.find)
        self.engine = Engine(self.providers.resolve, settings)
        self._data = data
        self._environ = environ
        self._tools: Tools | None = None

    def defaults(self, provider_id: str | None, model_id: str | None) -> Defaults:
        """Return the provider and model for new conversations; the embedded model without a choice.

        Raises:
            ValidationFailed: there is no such provider.
        """
        provider = self.providers.resolve(provider_id or self.providers.default_id)
        return Defaults(provider_id=provider.id, model_id=model_id or provider.default_model_id)

    def tools(self) -> "Tools":
        """The tools; made when they are first needed, because most questions need none."""
        if self._tools is None:
            from shell.tools.registry import Tools

            self._tools = Tools(self._data, self._environ, self.keys)
        return self._tools

    async def load_keys(self) -> None:
        """Read the keys from the keychain, within a time limit."""
        await self.keys.load(self.providers.base_urls)

    async def reload_providers(self) -> None:
        """Read the added providers again, and the keys of new ones."""
        known = set(self.providers.base_urls)
        self.providers.reload()
        urls = self.providers.base_urls
        if new := {name: url for name, url in urls.items() if name not in known}:
            await self.keys.load(new)

    async def close(self) -> None:
        """End all runs, then close the providers."""
        await self.engine.close()
        if self._tools is not None:
            await self._tools.close()
        await self.providers.close()


@dataclass(frozen=True, slots=True)
class RunningHost:
    """A runtime and the thread it lives on. Made by `running_host()`."""

    thread: LoopThread
    core: Runtime


@contextlib.contextmanager
def running_host(data: Path) -> Iterator[RunningHost]:
    """Make a runtime for as long as the context lasts."""
    with event_loop_thread() as thread:
        made = thread.call(lambda: Runtime(data, os.environ, Settings()))
        try:
            yield RunningHost(thread, made)
        finally:
            run_within(CLOSE_S, thread, made.close())
