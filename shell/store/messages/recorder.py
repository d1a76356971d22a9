"""Writes running answers to the database.

Follows each log with a cursor and commits what is new, for all logs together, at most every
`GAP_S`. A cursor moves only after its commit, so a failed write is retried in full. A failure that
concerns one log does not delay the others.
"""

import asyncio
import functools
from collections.abc import Callable

import apsw

from shell.errors import ShellError, StorageFailed
from shell.inference.log import InferenceLog
from shell.store.database import Database
from shell.store.messages.followed_log import FollowedLog, NewText, new_text
from shell.store.messages.turns import EarlierRuns
from shell.support.ids import epoch_ms

GAP_S = 0.1
"""Least time between two commits."""
RETRY_S = 1.0
"""Wait before a failed write is retried, for example on a full disk."""
_DISK_ERRORS = (
    apsw.FullError,
    apsw.IOError,
    apsw.BusyError,
    apsw.LockedError,
    apsw.NoMemError,
    apsw.ReadOnlyError,
    apsw.CorruptError,
    apsw.CantOpenError,
)
"""Errors that concern all answers, not a single one."""
_PieceErrors = dict[int, ShellError]
"""The error of each piece that could not be written, by its index."""


class Recorder:
    """Writes answers into one database. Loop thread only.

    Args:
        database: the database of the messages.
        on_saved: called after every commit.
        on_failed: called with the error of a failed commit, which is retried.
        on_ended: called with the id of the conversation once an answer is written to its end.
    """

    def __init__(
        self,
        database: Database,
        *,
        on_saved: Callable[[], None],
        on_failed: Callable[[ShellError], None],
        on_ended: Callable[[str], None],
    ) -> None:
        self._database = database
        self._on_saved = on_saved
        self._on_failed = on_failed
        self._on_ended = on_ended
        self._loop = asyncio.get_running_loop()
        self._readers: list[FollowedLog] = []
        self._timer: asyncio.TimerHandle | None = None
        self._pending_write: asyncio.Future[_PieceErrors] | None = None
        self._last_write = self._loop.time() - GAP_S
        self._waiters: list[tuple[str, asyncio.Future[None]]] = []
        self._is_closing = False

    def follow(
        self, log: InferenceLog, conversation_id: str, number: int, earlier_runs: EarlierRuns
    ) -> None:
        """Write this log to the message of this number, after the output of its earlier runs."""
        unsubscribe = log.subscribe(self._wake)
        self._readers.append(FollowedLog(log, conversation_id, number, earlier_runs, unsubscribe))
        self._wake(False)

    async def commit(self, log: InferenceLog) -> None:
        """Write all present entries of a log at once, without waiting for the timer.

        Raises:
            ShellError: it cannot be written now.
        """
        reader = next((reader for reader in self._readers if reader.log is log), None)
        target_seq = log.last_seq
        while reader is not None and reader in self._readers and reader.seq < target_seq:
            await self._write_now(reader.conversation_id)

    def live_runs(self, conversation_id: str) -> list[str]:
        """The ids of the runs that have not ended in a conversation."""
        return [
            reader.log.inference_id
            for reader in self._readers
            if reader.conversation_id == conversation_id and reader.log.ending is None
        ]

    def media(self, media_hash: str) -> bytes | None:
        """The bytes of a picture or sound in a result that is not written yet."""
        found = (reader.log.media.get(media_hash) for reader in self._readers)
        return next(filter(None, found), None)

    async def wait_until_stored(self, conversation_id: str) -> None:
        """Wait until the answers of a conversation have ended and are on the disk.

        Raises:
            ShellError: it cannot be written now.
        """
        while any(reader.conversation_id == conversation_id for reader in self._readers):
            await self._write_now(conversation_id)

    async def _write_now(self, conversation_id: str) -> None:
        """Commit at once, and wait for it."""
        outcome: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append((conversation_id, outcome))
        if self._timer is not None:
            self._timer.cancel()
        for reader in self._readers:
            if reader.conversation_id == conversation_id:
                reader.retry_time = 0.0
        self._flush()
        await outcome

    @property
    def idle(self) -> bool:
        """Whether every followed log is written to its end."""
        return not self._readers

    async def close(self) -> None:
        """Write all remaining entries. Answers that have not ended stay marked as running."""
        self._is_closing = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pending_write is not None:
            await asyncio.wait([self._pending_write])
        for reader in self._readers:
            reader.retry_time = 0.0
        self._flush()
        if self._pending_write is not None:
            await asyncio.wait([self._pending_write])
        for reader in self._readers:
            reader.unsubscribe()

    def _wake(self, urgent: bool) -> None:
        if self._pending_write is not None or self._is_closing:
            return
        if self._timer is None or self._timer.when() > self._loop.time() + GAP_S:
            self._schedule()

    def _schedule(self) -> None:
        """Set the timer for the log that is due first."""
        behind = [reader.retry_time for reader in self._readers if reader.is_behind]
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if behind and not self._is_closing:
            due_time = max(self._last_write + GAP_S, min(behind))
            self._timer = self._loop.call_at(due_time, self._flush)

    def _flush(self) -> None:
        self._timer = None
        if self._pending_write is not None:
            return
        now = self._loop.time()
        due = [reader for reader in self._readers if reader.is_behind and reader.retry_time <= now]
        if not due:
            self._schedule()
            return
        pieces: list[NewText] = []
        errors: dict[str, ShellError] = {}
        for reader in due:
            try:
                pieces.append(new_text(reader))
            except Exception as error:  # must not hold up the other answers
                reader.retry_time = now + RETRY_S
                failure = ShellError(f"An answer cannot be saved ({type(error).__name__})")
                errors[reader.conversation_id] = failure
                self._on_failed(failure)
        self._fail_waiters(errors)
        if not pieces:
            self._schedule()
            return
        self._last_write = now
        written_at = epoch_ms()
        try:
            outcome = self._database.write(lambda c: _write(c, pieces, written_at))
        except RuntimeError:  # the database was closed already
            return
        self._pending_write = asyncio.wrap_future(outcome)
        self._pending_write.add_done_callback(functools.partial(self._on_written, pieces))

    def _on_written(self, pieces: list[NewText], outcome: "asyncio.Future[_PieceErrors]") -> None:
        self._pending_write = None
        error = None if outcome.cancelled() else outcome.exception()
        if error is not None or outcome.cancelled():
            if not isinstance(error, ShellError):
                error = ShellError(f"The answers cannot be saved ({type(error).__name__})")
            piece_errors = dict.fromkeys(range(len(pieces)), error)
        else:
            piece_errors = outcome.result()
        committed = [piece for place, piece in enumerate(pieces) if place not in piece_errors]
        for piece in committed:
            piece.reader.seq = piece.last_seq
            piece.reader.characters += len(piece.text)
            piece.reader.reasoning_characters += len(piece.reasoning)
            if piece.ending is not None:
                piece.reader.unsubscribe()
                self._readers.remove(piece.reader)
        if committed:
            self._on_saved()
        for error in dict.fromkeys(piece_errors.values()):
            self._on_failed(error)
        errors_by_conversation: dict[str, ShellError] = {}
        for place, error in piece_errors.items():
            reader = pieces[place].reader
            reader.retry_time = self._loop.time() + RETRY_S
            errors_by_conversation[reader.conversation_id] = error
        self._resolve_waiters(errors_by_conversation)
        for piece in committed:
            if piece.ending is not None:
                self._on_ended(piece.reader.conversation_id)
        self._schedule()

    def _resolve_waiters(self, errors: dict[str, ShellError]) -> None:
        """Wake the callers of `wait_until_stored` and `commit`."""
        self._fail_waiters(errors)
        waiters, self._waiters = self._waiters, []
        for _, outcome in waiters:
            if not outcome.done():
                outcome.set_result(None)

    def _fail_waiters(self, errors: dict[str, ShellError]) -> None:
        """Wake the callers that wait for one of these conversations."""
        failed = [each for each in self._waiters if each[0] in errors]
        self._waiters = [each for each in self._waiters if each[0] not in errors]
        for conversation_id, outcome in failed:
            if not outcome.done():
                outcome.set_exception(errors[conversation_id])


def _write(connection: apsw.Connection, pieces: list[NewText], now: int) -> _PieceErrors:
    """Write every piece that can be written. Part of a writing job."""
    piece_errors: _PieceErrors = {}
    for place, piece in enumerate(pieces):
        connection.execute("SAVEPOINT piece")
        try:
            piece.write(connection, now)
        except Exception as error:
            if not connection.in_transaction or isinstance(error, _DISK_ERRORS):
                raise
            connection.execute("ROLLBACK TO piece")
            reason = f"An answer cannot be saved ({type(error).__name__})"
            piece_errors[place] = StorageFailed(reason)
        connection.execute("RELEASE piece")
    return piece_errors
