"""The engine and its providers, which every command that runs models needs."""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from shell.contract import BudgetPause, Budgets, Defaults
from shell.errors import HostClosing
from shell.inference.limits import Settings
from shell.providers.charges import PlannedCall, Price, Reservation
from shell.providers.keys import Keys
from shell.providers.registry import Providers
from shell.settings import read_preferences
from shell.support.data_directory import REQUESTS
from shell.support.event_loop import LoopThread, event_loop_thread, run_within
from shell.support.logs import redact_also

if TYPE_CHECKING:  # loaded when they are first needed
    from shell.inference.engine import Engine
    from shell.store.ledger import Ledger
    from shell.store.wire_log import WireLog
    from shell.tools.registry import Tools

CLOSE_S = 3.0
"""Time limit for closing. An MCP server that does not end by itself takes one second of it."""


class Runtime:
    """Made, used and closed on the loop's thread. Writes only the usage and requests of calls.

    Args:
        data: the data directory.
        environ: has keys, base URLs and the path of the weights.
        settings: limits and deadlines.
        budgets: the budgets of the settings.
        records: returns whether to store requests.
        counts: whether to begin a ledger and a folder of requests in a data directory that has
            neither. Without it, calls are counted only with a budget or an existing ledger, and
            requests are stored only in an existing folder.
    """

    def __init__(
        self,
        data: Path,
        environ: Mapping[str, str],
        settings: Settings,
        budgets: Callable[[], Budgets],
        *,
        records: Callable[[], bool] = lambda: True,
        counts: bool = True,
    ) -> None:
        self.keys = Keys(environment=lambda each: self.providers.environment_key(each))
        redact_also(self.keys.secrets)
        self.providers = Providers(data, environ, find_key=self.keys.find)
        self._settings = settings
        self._data = data
        self._environ = environ
        self._budgets = budgets
        self._counts = counts
        self._records = records
        self._ending = False

    def defaults(self, provider_id: str | None, model_id: str | None) -> Defaults:
        """Return the provider and model for new conversations; the embedded model without a choice.

        Raises:
            ValidationFailed: there is no such provider.
        """
        provider = self.providers.resolve(provider_id or self.providers.default_id)
        return Defaults(provider_id=provider.id, model_id=model_id or provider.default_model_id)

    @cached_property
    def engine(self) -> "Engine":
        """The engine; made when it is first needed, because a window appears without it.

        Raises:
            HostClosing: the program is shutting down.
        """
        if self._ending:
            raise HostClosing("The program is shutting down")
        from shell.inference.engine import Engine

        wire = self.wire if self._counts or (self._data / REQUESTS).is_dir() else None
        return Engine(self.providers.resolve, self._settings, self.lazy_ledger, wire)

    @cached_property
    def tools(self) -> "Tools":
        """The tools; made when they are first needed, because most questions need none."""
        from shell.tools.registry import Tools

        return Tools(self._data, self._environ, self.keys)

    @cached_property
    def ledger(self) -> "Ledger":
        """The usage of model calls; made before the first call."""
        from shell.store.ledger import Ledger

        return Ledger(self._data, self._budgets, creates=self._counts)

    @property
    def lazy_ledger(self) -> "_LazyLedger":
        """The ledger for an engine, which needs it only when a model is called."""
        return _LazyLedger(self)

    @cached_property
    def wire(self) -> "WireLog":
        """The requests and responses of the latest runs."""
        from shell.store.wire_log import WireLog

        return WireLog(self._data, self._records, self.keys.secrets)

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

    def close_owner(self, caller_id: str) -> None:
        """End the runs of a window or tab that is gone for good."""
        if "engine" in vars(self):
            self.engine.close_owner(caller_id)

    async def end_runs(self) -> None:
        """End all runs, and let no further run begin. Makes no engine if there is none."""
        self._ending = True
        if "engine" in vars(self):
            await self.engine.close()

    async def close(self) -> None:
        """End all runs, then close the providers and the keys."""
        await self.end_runs()
        for name in ("tools", "ledger", "wire"):
            if name in vars(self):
                await vars(self)[name].close()
        await self.providers.close()
        self.keys.close()


class _LazyLedger:
    """A ledger whose module is loaded when it is first used."""

    def __init__(self, core: Runtime) -> None:
        self._core = core

    async def reserve(self, call: PlannedCall) -> Reservation | BudgetPause | None:
        return await self._core.ledger.reserve(call)

    def settle(
        self, reservation: Reservation, price: Price | None, input_tokens: int, output_tokens: int
    ) -> None:
        self._core.ledger.settle(reservation, price, input_tokens, output_tokens)


@dataclass(frozen=True, slots=True)
class RunningHost:
    """A runtime and the thread of its loop. Made by `running_host()`."""

    thread: LoopThread
    core: Runtime


@contextlib.contextmanager
def running_host(data: Path, *, counts: bool = False) -> Iterator[RunningHost]:
    """Run a runtime for as long as the context lasts. With `counts` it begins a ledger of calls.

    Its calls of models fail with StorageFailed if the settings cannot be read.
    """
    preferences = functools.cache(lambda: read_preferences(data))
    with event_loop_thread() as thread:
        runtime = thread.call(
            lambda: Runtime(
                data,
                os.environ,
                Settings(),
                lambda: preferences().budgets,
                records=lambda: preferences().record_requests,
                counts=counts,
            )
        )
        try:
            yield RunningHost(thread, runtime)
        finally:
            run_within(CLOSE_S, thread, runtime.close())
