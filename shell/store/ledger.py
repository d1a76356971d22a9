"""Counts what calls of models take, in a file of its own.

The file is not that of the conversations: no restored backup and no deleted conversation gives a
budget back. Several processes may use it.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from concurrent.futures import Future
from datetime import date
from pathlib import Path
from typing import TypeVar

import apsw

from shell.contract import (
    NO_BUDGETS,
    Budget,
    BudgetPause,
    BudgetRaise,
    Budgets,
    BudgetState,
    UsageGroup,
    UsageRow,
)
from shell.errors import ShellError
from shell.providers.charges import PlannedCall, Price, Reservation
from shell.store import reservations
from shell.store.connection_thread import Job
from shell.store.database import Database

T = TypeVar("T")
FILE = "usage.db"
_log = logging.getLogger(__name__)


class Ledger:
    """The file of one data directory, opened when it is first used. Loop thread only.

    Args:
        folder: the data directory.
        budgets: those of the settings.
        creates: whether to make the file. Without it and without a budget, nothing is counted.
        now: the day that the clock shows.
    """

    def __init__(
        self,
        folder: Path,
        budgets: Callable[[], Budgets],
        *,
        creates: bool = True,
        now: Callable[[], date] = date.today,
    ) -> None:
        self._path = folder / FILE
        self._budgets = budgets
        self._creates = creates
        self._now = now
        self._database: Database | None = None
        self._opening = asyncio.Lock()
        self._limited: set[str] = set()
        """The conversations with a budget of their own, once the file is open."""

    async def reserve(self, call: PlannedCall) -> Reservation | BudgetPause | None:
        """Reserve what a call may take; None if it is not counted.

        Raises:
            ShellError: there is a budget, and the file cannot be used.
        """
        budgets = self._budgets()
        has_limit = bool(call.budgets) or budgets != NO_BUDGETS
        if not (has_limit or self._creates or self._path.exists()):
            return None
        try:
            database = await self._opened()
            if not has_limit and call.conversation not in self._limited:
                # Nothing can refuse it, so nothing has to wait for the disk.
                number = secrets.randbits(62)
                written = database.write(
                    lambda c: reservations.reserve(c, call, NO_BUDGETS, self._now(), number)
                )
                written.add_done_callback(_note_failure)
                return Reservation(number, call.output_tokens, None, None)
            return await self._write(lambda c: reservations.reserve(c, call, budgets, self._now()))
        except ShellError as error:
            if has_limit:
                raise
            _log.warning("A call of a model is not counted: %s", error.message)
            return None

    def settle(
        self, reservation: Reservation, price: Price | None, input_tokens: int, output_tokens: int
    ) -> None:
        """Settle a call. Returns at once; what is reserved next counts with it."""
        if self._database is not None:
            taken = input_tokens, output_tokens
            self._database.write(lambda c: reservations.settle(c, reservation.number, price, taken))

    async def raise_budget(self, answer: str, conversation: str | None, by: BudgetRaise) -> None:
        """Raise a budget of an answer, or of the conversation, day or month that it belongs to."""

        def job(connection: apsw.Connection) -> None:
            day = reservations.today(connection, self._now())
            key = reservations.scopes(conversation, day).get(by.scope, answer)
            reservations.raise_budget(connection, key, by)

        await self._write(job)

    async def set_budget(self, conversation: str, budget: Budget | None) -> None:
        """Set the budget of a conversation."""
        # Added before the write and removed after it: no call slips through in between.
        self._limited.add(conversation)
        await self._write(lambda c: reservations.set_budget(c, conversation, budget))
        if budget is None:
            self._limited.discard(conversation)

    async def states(self, conversation: str | None) -> list[BudgetState]:
        """The budgets that hold in a conversation, with what is spent of them."""
        return await self._write(
            lambda c: reservations.states(c, conversation, self._budgets(), self._now())
        )

    async def usage(self, by: UsageGroup) -> list[UsageRow]:
        """What was taken so far."""
        return await self._write(lambda c: reservations.usage(c, by))

    async def close(self) -> None:
        """Write what is not written yet, and close the file."""
        if self._database is not None:
            await asyncio.to_thread(self._database.close)
            self._database = None

    async def _opened(self) -> Database:
        async with self._opening:
            if self._database is None:
                database = Database(self._path, migrations=reservations.MIGRATIONS)
                await asyncio.to_thread(database.open)
                self._limited |= await asyncio.wrap_future(database.write(reservations.limited))
                self._database = database
            return self._database

    async def _write(self, job: Job[T]) -> T:
        database = await self._opened()
        return await asyncio.wrap_future(database.write(job))


def _note_failure(written: "Future[Reservation | BudgetPause]") -> None:
    if not written.cancelled() and (error := written.exception()) is not None:
        _log.warning("A call of a model is not counted: %s", error)
