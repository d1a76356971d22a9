"""Counts the usage of model calls in a file of its own.

The file is not the database of the conversations, so that restoring a backup or deleting a
conversation does not reset a budget. Several processes may use it.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

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
from shell.errors import Reason, ShellError
from shell.providers.charges import PlannedCall, Price, Reservation
from shell.store import reservations
from shell.store.connection_thread import Job
from shell.store.database import Database
from shell.store.errors import DatabaseDamaged

T = TypeVar("T")
FILE = "usage.db"
_log = logging.getLogger(__name__)


class Ledger:
    """The usage file of one data directory, opened at its first use. Loop thread only.

    Args:
        folder: the data directory.
        budgets: returns the budgets of the settings.
        creates: whether to create the file. With neither a file nor a budget, no call is counted.
        now: returns the day that the clock shows.
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
        self._open_lock = asyncio.Lock()
        self._conversations_with_budget: set[str] = set()
        """The conversations that may have a budget of their own, once the file is open."""

    async def reserve(self, call: PlannedCall) -> Reservation | BudgetPause | None:
        """Reserve the highest usage of a call; returns None if it is not counted.

        Raises:
            ShellError: there is a budget, and the file cannot be used.
        """
        budgets = self._budgets()
        has_limit = bool(call.budgets) or budgets != NO_BUDGETS
        if not (has_limit or self._creates or self._path.exists()):
            return None
        try:
            with self._explained_damage():
                database = await self._ensure_open()
                has_limit = has_limit or call.conversation in self._conversations_with_budget
                if not has_limit:
                    # No budget can refuse the call, so it need not wait for the disk.
                    number = secrets.randbits(62)
                    write = database.write(
                        lambda c: reservations.reserve(c, call, NO_BUDGETS, self._now(), number)
                    )
                    write.add_done_callback(_log_failure)
                    return Reservation(number, call.output_tokens, None, None)
                return await self._reserve(database, call, budgets)
        except ShellError as error:
            if has_limit:
                raise
            _log.warning("A call of a model is not counted: %s", error.message)
            return None

    async def _reserve(
        self, database: Database, call: PlannedCall, budgets: Budgets
    ) -> Reservation | BudgetPause:
        write = database.write(lambda c: reservations.reserve(c, call, budgets, self._now()))
        try:
            return await asyncio.wrap_future(write)
        except asyncio.CancelledError:
            # The call is not made. The writing thread may have reserved it all the same.
            write.add_done_callback(partial(_release, database))
            raise

    def settle(
        self, reservation: Reservation, price: Price | None, input_tokens: int, output_tokens: int
    ) -> None:
        """Settle a call with its actual usage. Returns at once; later reservations include it.

        If it cannot be written, which is only logged, the reserved usage counts in its place.
        """
        if self._database is not None:
            number, used = reservation.number, (input_tokens, output_tokens)
            write = self._database.write(lambda c: reservations.settle(c, number, price, used))
            write.add_done_callback(_log_failure)

    async def raise_budget(self, answer: str, conversation: str | None, more: BudgetRaise) -> None:
        """Raise a budget of an answer, or of the conversation, day or month that it belongs to."""

        def job(connection: apsw.Connection) -> None:
            day = reservations.today(connection, self._now())
            key = reservations.scopes(conversation, day).get(more.scope, answer)
            reservations.raise_budget(connection, key, more)

        await self._write(job)

    async def set_budget(self, conversation: str, budget: Budget | None) -> None:
        """Set the budget of a conversation."""
        # Before the write, so that no call slips through. It stays, because another change of the
        # budget may have been queued meanwhile. Calls of the conversation only wait for the disk.
        self._conversations_with_budget.add(conversation)
        await self._write(lambda c: reservations.set_budget(c, conversation, budget))

    async def states(self, conversation: str | None) -> list[BudgetState]:
        """The budgets that apply to a conversation, with their usage."""
        return await self._write(
            lambda c: reservations.states(c, conversation, self._budgets(), self._now())
        )

    async def usage(self, group: UsageGroup) -> list[UsageRow]:
        """The usage so far, by day, model or conversation."""
        return await self._write(lambda c: reservations.usage(c, group))

    async def close(self) -> None:
        """Finish the queued writes, and close the file."""
        if self._database is not None:
            await asyncio.to_thread(self._database.close)
            self._database = None

    async def _ensure_open(self) -> Database:
        async with self._open_lock:
            if self._database is None:
                database = Database(self._path, migrations=reservations.MIGRATIONS)
                job = reservations.conversations_with_budget
                try:
                    await asyncio.to_thread(database.open)
                    known = await asyncio.wrap_future(database.write(job))
                except BaseException:
                    await asyncio.shield(asyncio.to_thread(database.close))
                    raise
                self._conversations_with_budget |= known
                self._database = database
            return self._database

    async def _write(self, job: Job[T]) -> T:
        with self._explained_damage():
            database = await self._ensure_open()
            return await asyncio.wrap_future(database.write(job))

    @contextlib.contextmanager
    def _explained_damage(self) -> Iterator[None]:
        """Say what helps against damage. Nothing repairs this file: a new one would forget what was
        spent, so a person has to decide on it.
        """
        try:
            yield
        except DatabaseDamaged as error:
            text = (
                f"{self._path} is damaged, so what was spent is unknown. While a budget is set, no "
                "model is called. To count from zero, close Tidewire and move the file away."
            )
            raise DatabaseDamaged(text, reason=Reason.USAGE_DAMAGED) from error


def _release(database: Database, write: "Future[Reservation | BudgetPause]") -> None:
    """Undo a reservation whose caller has been cancelled."""
    if write.cancelled() or write.exception() is not None:
        return
    reservation = write.result()
    if isinstance(reservation, Reservation):
        number = reservation.number
        with contextlib.suppress(RuntimeError):  # the file was closed; the reservation counts
            database.write(lambda c: reservations.release(c, number))


def _log_failure(write: "Future[Any]") -> None:
    if not write.cancelled() and (error := write.exception()) is not None:
        _log.warning("The usage of a model's call cannot be saved: %s", error)
