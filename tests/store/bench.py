"""A recorder on the virtual loop, with logs that it reads and messages that it writes."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from shell.contract import DoneEvent, NewConversation, Timing, Usage
from shell.errors import ShellError
from shell.inference.log import InferenceLog
from shell.store.database import Connection, Database, in_transaction
from shell.store.messages import queries, tree
from shell.store.messages.content import take_apart
from shell.store.messages.recorder import Recorder
from shell.store.messages.turns import EarlierRuns
from shell.support.ids import new_id

T = TypeVar("T")
USAGE = Usage(input_tokens=1, output_tokens=1, reasoning_tokens=0, cached_tokens=0, estimated=True)


class SynchronousDatabase(Database):
    """A database that writes in the calling thread, or fails with `write_error`."""

    def __init__(self, path: Path | None = None, vfs: str | None = None) -> None:
        super().__init__(path, vfs=vfs)
        self._connection = self._writer.run(lambda connection: connection).result()
        self.commits: list[float] = []
        self.write_error: ShellError | None = None

    def write(self, job: Callable[[Connection], T]) -> "Future[T]":
        outcome: Future[T] = Future()
        self.commits.append(asyncio.get_running_loop().time())
        if self.write_error is not None:
            outcome.set_exception(self.write_error)
        else:
            outcome.set_result(self.now(job))
        return outcome

    def now(self, job: Callable[[Connection], T]) -> T:
        return in_transaction(self._connection, job, "IMMEDIATE")


class Bench:
    """Made on the loop, over a database in memory if none is given."""

    def __init__(self, database: SynchronousDatabase | None = None) -> None:
        self.database = database or SynchronousDatabase()
        self.failures: list[str] = []
        self.ended: list[str] = []
        self.saves = 0
        self.recorder = Recorder(
            self.database,
            on_saved=self._count_save,
            on_failed=lambda error: self.failures.append(error.message),
            on_ended=self.ended.append,
        )
        self._loop = asyncio.get_running_loop()

    def _count_save(self) -> None:
        self.saves += 1

    def stream(self, name: str = "c") -> tuple[InferenceLog, int]:
        log = InferenceLog(f"inf-{name}", now=self._loop.time)
        numbers: list[int] = []

        def write(connection: Connection) -> None:
            number = tree.create(connection, name, NewConversation(), 1)
            message = tree.NewMessage(new_id(), "assistant", take_apart(""), 1, "streaming")
            numbers.append(tree.add(connection, number, None, message))

        self.database.now(write)
        self.recorder.follow(log, name, numbers[0], EarlierRuns())
        return log, numbers[0]

    def row(self, number: int) -> queries.MessageRow:
        found: list[queries.MessageRow] = []

        def read(connection: Connection) -> None:
            row = queries.row(connection, number)
            assert row is not None
            found.append(queries.with_tail(connection, row))

        self.database.now(read)
        return found[0]


def end(log: InferenceLog) -> None:
    timing = Timing(first_token_ms=0, total_ms=1)
    log.append(
        DoneEvent(
            **log.stamp(),
            total_tokens=1,
            usage=USAGE,
            finish_reason="stop",
            cancelled=False,
            timing=timing,
        )
    )
