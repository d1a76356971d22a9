"""Store: all that is kept under one data directory, opened, repaired, backed up and closed."""

import asyncio
import contextlib
import logging
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import apsw

from shell.contract import Remark, StoreState
from shell.errors import Reason, SessionBusy, ShellError, StorageFailed, StorageUnavailable
from shell.store.backup import bundle
from shell.store.backup.backups import EXTRAS, SAFETY, Backups, remove
from shell.store.database import BUSY_S, Database, Job
from shell.store.errors import DatabaseDamaged, sentences
from shell.store.integrity import problem
from shell.store.messages import tree
from shell.store.reader import ReadLimit
from shell.store.repair.file_state import (
    BLANK,
    FileState,
    examine,
    forget,
    note_closed,
    note_damaged,
)
from shell.store.repair.repair import REPAIR, reindex, repair
from shell.support.ids import TEMPORARY, epoch_ms
from shell.support.worker import Worker

T = TypeVar("T")
FILE = "conversations.db"
RESTORE = "restore-"
"""How the directory's name begins in which a backup is taken apart."""
_LEFT = re.compile(rf"({REPAIR}|{RESTORE})[a-z0-9_]{{8}}")
Choose = Callable[[Mapping[str, bytes]], Callable[[], None]]
"""Is given the other files of a backup by their names, and looks through them; what it raises stops
the restore. What it returns is called once the conversations are restored."""
FIRST_BACKUP_S = 20.0
BACKUP_S = 3_600.0

_log = logging.getLogger(__name__)


def nothing_chosen(extras: Mapping[str, bytes]) -> Callable[[], None]:
    """Take over the conversations alone."""
    return lambda: None


class Store:
    """Opened once per host, under the lock of its data directory.

    `open` and `close` block; the rest belongs to the loop thread. Ids say where something is: what
    is temporary is in a database in memory, and no byte of it reaches a disk.
    """

    def __init__(
        self,
        folder: Path,
        *,
        vfs: str | None = None,
        busy_s: float = BUSY_S,
        on_change: Callable[[StoreState], None] = lambda _: None,
    ) -> None:
        self.path = folder / FILE
        self.backups = Backups(folder / "backups")
        self.database = Database(self.path, vfs=vfs, busy_s=busy_s)
        self.temporary = Database(None)
        self.remarks: list[Remark] = []
        """What happened at opening that its owner should know."""
        self.restoring = False
        """Whether a backup is about to take everything's place: nothing may be begun meanwhile."""
        self._aside = folder / "damaged"
        self._apart = Worker("store-backup")
        self._condition = FileState()
        self._suspect = False
        self._unchecked = False
        """Whether the content has to be checked still, beside its use."""
        self._problem: ShellError | None = None
        self._version = 0
        self._on_change = on_change
        self._timer: asyncio.TimerHandle | None = None

    @property
    def notices(self) -> list[str]:
        """The remarks in English."""
        return [remark.text for remark in self.remarks]

    # --- opening, closing -------------------------------------------------------------------

    def open(self) -> None:
        """Open the conversations; repair them when they are damaged.

        Raises:
            ShellError: they cannot be used, with a sentence that says why. Nothing was changed, and
                nothing is open.
        """
        try:
            self._open()
        except BaseException as error:
            if isinstance(error, DatabaseDamaged):
                with contextlib.suppress(OSError):
                    note_damaged(self.path)
            self._apart.close()
            self.temporary.close()
            self.database.close()
            raise

    def _open(self) -> None:
        self._sweep()
        self._condition = examine(self.path)
        damage = self._condition.damage
        if damage == BLANK and not self._was_more():
            damage = None  # the first start, or one that was killed at once
        self._unchecked = self._condition.unchecked
        with sentences(self.path):
            if damage is None and self._condition.index_damaged:
                _log.warning("The search index was damaged and is made anew")
                damage = None if reindex(self.path) else "its search index cannot be read"
            if damage is not None:
                self.remarks.append(repair(self.path, self._aside, self.backups, damage))
                forget(self.path)
                _log.warning("%s", self.notices[-1])
            elif self._condition.outdated:
                self.backups.make(self.path, SAFETY)
        self.database.open()
        self.temporary.open()
        self.database.write(self._settle).result()

    def begin(self) -> None:
        """Report the first state, and make backups when they are due. On the loop thread."""
        self._on_change(self.state())
        if self._unchecked:
            check = asyncio.wrap_future(self.database.check(problem))
            check.add_done_callback(self._looked_through)
        self._timer = asyncio.get_running_loop().call_later(FIRST_BACKUP_S, self._back_up_if_due)

    def close(self) -> None:
        """Write what is queued and close the file in order."""
        if self._timer is not None:
            self._timer.cancel()
        self._apart.close()
        self.temporary.close()
        self.database.close()
        with contextlib.suppress(OSError):
            if self._suspect:
                note_damaged(self.path)
            elif not self._unchecked:
                note_closed(self.path)

    # --- reading, writing -------------------------------------------------------------------

    def refuse_while_restoring(self) -> None:
        """Let nothing begin that a backup would replace.

        Raises:
            SessionBusy: a backup is being restored.
        """
        if self.restoring:
            text = "A backup is being restored. Try again when that is done"
            raise SessionBusy(text, reason=Reason.RESTORING)

    async def write(self, kept_id: str, job: Job[T]) -> T:
        """Run a job as one transaction where this id lives. Once it returns, it is on the disk.

        Raises:
            SessionBusy: a backup is being restored.
            ShellError: it was not saved, and nothing of it was kept.
        """
        database = self.database_of(kept_id)
        if database is self.database:
            self.refuse_while_restoring()
        try:
            result = await asyncio.wrap_future(database.write(job))
        except ShellError as error:
            self.failed(error)
            raise
        if database is self.database:
            self._problem = None
        self.changed()
        return result

    async def read(self, kept_id: str, job: Job[T]) -> T:
        """Run a job that only reads, where this id lives."""
        try:
            return await asyncio.wrap_future(self.database_of(kept_id).read(job))
        except DatabaseDamaged:
            self._suspect = True
            raise

    def read_blocking(self, kept_id: str, job: Job[T]) -> T:
        """The same as `read`, for a thread that may wait."""
        try:
            return self.database_of(kept_id).read(job).result()
        except DatabaseDamaged:
            self._suspect = True
            raise

    async def search(self, kept_id: str, job: Job[T], limit: ReadLimit) -> T:
        """Run a job that searches where this id lives, beside what is read."""
        try:
            return await asyncio.wrap_future(self.database_of(kept_id).search(job, limit))
        except DatabaseDamaged:
            self._suspect = True
            raise

    def database_of(self, kept_id: str) -> Database:
        """Where the conversation or message of this id lives."""
        return self.temporary if kept_id.startswith(TEMPORARY) else self.database

    # --- how it is; on the loop thread ------------------------------------------------------

    def changed(self) -> None:
        """Report that the conversations or their state are different now."""
        self._version += 1
        self._on_change(self.state())

    def recovered(self) -> None:
        """Something was written to the disk: whatever was in the way is not any more."""
        if self._problem is not None:
            self._problem = None
            self.changed()

    def failed(self, error: ShellError) -> None:
        """Something could not be written."""
        if isinstance(error, StorageFailed | StorageUnavailable):
            self._problem = error
            self._suspect = self._suspect or isinstance(error, DatabaseDamaged)
            self.changed()

    def state(self) -> StoreState:
        """Whether everything can be saved, and what happened at opening."""
        problem = self._problem
        return StoreState(
            version=self._version,
            problem=None if problem is None else problem.message,
            notices=self.notices,
            code=None if problem is None else problem.code,
            reason=None if problem is None else problem.reason,
            remarks=list(self.remarks),
        )

    # --- backups ----------------------------------------------------------------------------

    def back_up(self, prefix: str = "auto") -> Future[Path]:
        """Make a backup now, in a thread of its own."""
        return self._apart.submit(lambda: self._backed_up(prefix))

    def bundle(self, target: Path) -> Future[None]:
        """Write everything, settings included, to one file, in a thread of its own."""
        return self._apart.submit(lambda: self._bundled(target))

    def restore(self, source: Path, choose: Choose = nothing_chosen) -> Future[None]:
        """Put the rows of a backup in the place of what is there, which is backed up before. Nobody
        else may be writing: rows have other numbers afterwards.

        Args:
            source: a bundle, or a backup of the conversations alone.
            choose: takes over what a person wants of its settings and providers.
        """
        self.restoring = True
        return self._apart.submit(lambda: self._restored(source, choose))

    def _backed_up(self, prefix: str) -> Path:
        with sentences(self.backups.folder / "backup"):
            return self.backups.make(self.path, prefix)

    def _bundled(self, target: Path) -> None:
        with sentences(target):
            bundle.write(target, self.path)

    def _restored(self, source: Path, choose: Choose) -> None:
        try:
            self._replace(source, choose)
        finally:
            self.restoring = False

    def _replace(self, source: Path, choose: Choose) -> None:
        beside = tempfile.TemporaryDirectory(dir=self.path.parent, prefix=RESTORE)
        with sentences(source), beside as folder:
            unpacked = bundle.unpack(source, Path(folder))
            take_over = choose(unpacked.extras)
            # What was acknowledged before the restore began has to be in the safety copy.
            self.database.write(lambda _: None).result()
            safety = self.backups.make(self.path, SAFETY)
            for there in (self.path.with_name(name) for name in EXTRAS):
                if there.exists():
                    shutil.copyfile(there, safety.with_name(f"{safety.stem}-{there.name}"))
            # What fails most easily comes first: settings that match no conversations help nobody.
            self.database.replace(unpacked.conversations).result()
            self.database.write(self._settle).result()
            take_over()
            try:
                self.backups.adopt(unpacked.conversations, "after")
            except OSError as error:  # everything is restored all the same
                _log.warning("What was restored is in no backup of its own: %s", error.strerror)

    def _back_up_if_due(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(BACKUP_S, self._back_up_if_due)
        if self.backups.due():
            asyncio.wrap_future(self.back_up()).add_done_callback(self._tell)

    def _looked_through(self, outcome: "asyncio.Future[str | None]") -> None:
        if not outcome.cancelled() and _was_stopped(outcome.exception()):
            return  # by close(); the next start checks the file again
        self._unchecked = False
        if not self._tell(outcome) and (found := outcome.result()) is not None:
            text = f"{self.path} is damaged ({found}). Start Tidewire again."
            self.failed(DatabaseDamaged(text, reason=Reason.DAMAGED))

    def _tell(self, outcome: "asyncio.Future[T]") -> bool:
        """Say what went wrong out of sight; returns whether something did."""
        error = None if outcome.cancelled() else outcome.exception()
        if isinstance(error, ShellError):
            _log.warning("%s", error.message)
            self.failed(error)
        return outcome.cancelled() or error is not None

    # --- inside -----------------------------------------------------------------------------

    def _sweep(self) -> None:
        """Remove the copies of conversations that a killed process was making. They would stay
        after what is in them has been deleted.
        """
        with contextlib.suppress(OSError):
            self.backups.sweep()
            for path in self.path.parent.iterdir():
                if _LEFT.fullmatch(path.name):
                    remove(path)

    def _was_more(self) -> bool:
        wal = self.path.with_name(f"{FILE}-wal")
        return bool(self.backups.listed()) or (wal.exists() and wal.stat().st_size > 0)

    def _settle(self, connection: apsw.Connection) -> None:
        """What a host does first: nobody is answering any more, and the deleted may go."""
        now = epoch_ms()
        tree.end_interrupted(connection, now)
        tree.purge(connection, now - tree.DELETED_KEPT_MS)


def _was_stopped(error: BaseException | None) -> bool:
    return isinstance(error, ShellError) and error.reason is Reason.TOO_SLOW
