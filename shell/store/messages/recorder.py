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
from shell.store.messages.turns import AnswerBegun
from shell.support.ids import epoch_ms

GAP_S = 0.1
"""Least time between two commits."""
RETRY_S = 1.0
"""Wait before a failed write is retried, for example on a full disk."""
_OF_THE_DISK = (
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
_Refused = dict[int, ShellError]
"""Why pieces could not be written, by their index."""


class Recorder:
    """Writes answers into one database. Loop thread only.

    Args:
        database: where the messages are.
        saved: called after every commit.
        failed: called with the error of a failed commit, which is retried.
        ended: called with the conversation of every answer that is written to its end.
    """

    def __init__(
        self,
        database: Database,
        *,
        saved: Callable[[], None],
        failed: Callable[[ShellError], None],
        ended: Callable[[str], None],
    ) -> None:
        self._database = database
        self._saved = saved
        self._failed = failed
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._readers: list[FollowedLog] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Future[_Refused] | None = None
        self._last = self._loop.time() - GAP_S
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []
        self._closing = False

    def follow(
        self, log: InferenceLog, conversation_id: str, number: int, begun: AnswerBegun
    ) -> None:
        """Write this log to the message of this number, after what its earlier runs have begun."""
        unsubscribe = log.subscribe(self._wake)
        self._readers.append(FollowedLog(log, conversation_id, number, begun, unsubscribe))
        self._wake(False)

    async def commit(self, log: InferenceLog) -> None:
        """Write everything that is in a log now, at once.

        Raises:
            ShellError: it cannot be written now.
        """
        reader = next((one for one in self._readers if one.log is log), None)
        wanted = log.last_seq
        while reader is not None and reader in self._readers and reader.seq < wanted:
            await self._write_now(reader.conversation_id)

    def answering(self, conversation_id: str) -> list[str]:
        """The ids of the runs that are answering in a conversation."""
        return [
            reader.log.inference_id
            for reader in self._readers
            if reader.conversation_id == conversation_id and reader.log.ending is None
        ]

    def media(self, media_hash: str) -> bytes | None:
        """The bytes of a picture or sound in a result that is not on the disk yet."""
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
        """Wait for the next commit, and have it at once."""
        outcome: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((conversation_id, outcome))
        if self._timer is not None:
            self._timer.cancel()
        for reader in self._readers:
            if reader.conversation_id == conversation_id:
                reader.held_until = 0.0
        self._flush()
        await outcome

    @property
    def idle(self) -> bool:
        """Whether every log that was followed is written to its end."""
        return not self._readers

    async def close(self) -> None:
        """Write what is not stored yet. Answers that have not ended stay marked as running."""
        self._closing = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is not None:
            await asyncio.wait([self._writing])
        for reader in self._readers:
            reader.held_until = 0.0
        self._flush()
        if self._writing is not None:
            await asyncio.wait([self._writing])
        for reader in self._readers:
            reader.unsubscribe()

    def _wake(self, urgent: bool) -> None:
        if self._writing is not None or self._closing:
            return
        if self._timer is None or self._timer.when() > self._loop.time() + GAP_S:
            self._schedule()

    def _schedule(self) -> None:
        """Set the timer for the first log that may be written."""
        behind = [reader.held_until for reader in self._readers if reader.is_behind]
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if behind and not self._closing:
            self._timer = self._loop.call_at(max(self._last + GAP_S, min(behind)), self._flush)

    def _flush(self) -> None:
        self._timer = None
        if self._writing is not None:
            return
        now = self._loop.time()
        due = [one for one in self._readers if one.is_behind and one.held_until <= now]
        if not due:
            self._schedule()
            return
        pieces = [new_text(reader) for reader in due]
        self._last = now
        written_at = epoch_ms()

        def write(connection: apsw.Connection) -> _Refused:
            return _write(connection, pieces, written_at)

        try:
            outcome = self._database.write(write)
        except RuntimeError:  # the database was closed already
            return
        self._writing = asyncio.wrap_future(outcome)
        self._writing.add_done_callback(functools.partial(self._written, pieces))

    def _written(self, pieces: list[NewText], outcome: "asyncio.Future[_Refused]") -> None:
        self._writing = None
        error = None if outcome.cancelled() else outcome.exception()
        if error is not None or outcome.cancelled():
            if not isinstance(error, ShellError):
                error = ShellError(f"The answers cannot be kept ({type(error).__name__})")
            refused = dict.fromkeys(range(len(pieces)), error)
        else:
            refused = outcome.result()
        kept = [piece for place, piece in enumerate(pieces) if place not in refused]
        for piece in kept:
            piece.reader.seq = piece.reached
            piece.reader.characters += len(piece.text)
            piece.reader.thoughts += len(piece.reasoning)
            if piece.ending is not None:
                piece.reader.unsubscribe()
                self._readers.remove(piece.reader)
        if kept:
            self._saved()
        for error in dict.fromkeys(refused.values()):
            self._failed(error)
        failures: dict[str, ShellError] = {}
        for place, error in refused.items():
            reader = pieces[place].reader
            reader.held_until = self._loop.time() + RETRY_S
            failures[reader.conversation_id] = error
        self._release(failures)
        for piece in kept:
            if piece.ending is not None:
                self._ended(piece.reader.conversation_id)
        self._schedule()

    def _release(self, failures: dict[str, ShellError]) -> None:
        """Wake the callers of `wait_until_stored`."""
        waiting, self._waiting = self._waiting, []
        for conversation_id, outcome in waiting:
            if outcome.done():
                continue
            if conversation_id in failures:
                outcome.set_exception(failures[conversation_id])
            else:
                outcome.set_result(None)


def _write(connection: apsw.Connection, pieces: list[NewText], now: int) -> _Refused:
    """Write every piece that can be written. Part of a writing job."""
    refused: _Refused = {}
    for place, piece in enumerate(pieces):
        connection.execute("SAVEPOINT piece")
        try:
            piece.write(connection, now)
        except Exception as error:
            if not connection.in_transaction or isinstance(error, _OF_THE_DISK):
                raise
            connection.execute("ROLLBACK TO piece")
            reason = f"An answer cannot be kept ({type(error).__name__})"
            refused[place] = StorageFailed(reason)
        connection.execute("RELEASE piece")
    return refused
