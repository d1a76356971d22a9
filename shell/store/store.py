"""Opens, repairs, backs up and closes the database of one data directory."""

import asyncio
import contextlib
import logging
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import TypeVar

import apsw

from shell.contract import Problem, Remark, StoreState
from shell.errors import Reason, SessionBusy, ShellError, StorageFailed, StorageUnavailable
from shell.store.backup import bundle, working_folder
from shell.store.backup.backups import EXTRAS, SAFETY, Backups
from shell.store.connection_thread import Job, ReadLimit
from shell.store.database import BUSY_S, Database
from shell.store.errors import DatabaseDamaged, storage_errors
from shell.store.integrity import problem
from shell.store.messages import tree
from shell.store.repair import file_state
from shell.store.repair.repair import REPAIR, reindex, repair
from shell.support.files import remove
from shell.support.ids import TEMPORARY, epoch_ms
from shell.support.worker import Worker

T = TypeVar("T")
FILE = "conversations.db"
RESTORE = "restore-"
"""The prefix of the directory in which a backup is unpacked."""
_LEFTOVER = re.compile(rf"({REPAIR}|{RESTORE})[a-z0-9_]{{8}}")
Choose = Callable[[Mapping[str, bytes]], Callable[[], None]]
"""Takes the other files of a backup by name and checks them. An error stops the restore. Returns a
function that the store calls once the conversations are restored."""
FIRST_BACKUP_S = 20.0
BACKUP_S = 3_600.0

_log = logging.getLogger(__name__)


class Store:
    """Stores conversations and messages. A host opens one, under the lock of its data directory.

    `open`, `close` and `read_blocking` block; call the latter on any thread but the loop's. All
    other methods belong to the loop thread. The ids of temporary conversations begin with
    TEMPORARY. They live in a database in memory and never reach a disk.
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
        self._new_database = partial(Database, self.path, vfs=vfs, busy_s=busy_s)
        self.database = self._new_database()
        self.temporary = Database(None)
        self.remarks: list[Remark] = []
        """What happened while opening that the user should know."""
        self.restoring = False
        """Whether a backup is being restored. Nothing may begin meanwhile."""
        self._damaged_folder = folder / "damaged"
        self._backup_thread = Worker("store-backup")
        self._file_state = file_state.FileState()
        self._suspect = False
        self._unchecked = False
        """Whether the content must still be checked while it is in use."""
        self._problem: ShellError | None = None
        self._version = 0
        self._summaries = 0
        self._on_change = on_change
        self._timer: asyncio.TimerHandle | None = None

    # --- opening, closing -------------------------------------------------------------------

    def open(self) -> None:
        """Open the database, and repair it first if it is damaged.

        Raises:
            ShellError: the database cannot be used, and nothing is open. It may be repaired now.
        """
        try:
            self._open_repaired()
        except BaseException:
            self._backup_thread.close()
            self.temporary.close()
            self.database.close()
            raise

    def _open_repaired(self) -> None:
        try:
            self._open()
        except StorageFailed as error:
            # Our own SQL is right, so such an error means that the file's definitions are damaged.
            if not (isinstance(error, DatabaseDamaged) or type(error.__cause__) is apsw.SQLError):
                raise
            # `examine` does not check large files, and does not find all damage in the others.
            with contextlib.suppress(OSError):
                file_state.note_damaged(self.path)
            self.database.close()
            self.database = self._new_database()
            self._open()

    def _open(self) -> None:
        self._sweep()
        self._file_state = file_state.examine(self.path)
        damage = self._file_state.damage
        if damage == file_state.BLANK and not self._had_content():
            damage = None  # the first start, or the process was killed early in the first start
        self._unchecked = self._file_state.unchecked
        with storage_errors(self.path):
            if damage is None and self._file_state.index_damaged:
                _log.warning("The search index was damaged and is rebuilt")
                damage = None if reindex(self.path) else "its search index cannot be read"
            if damage is not None:
                self.remarks.append(repair(self.path, self._damaged_folder, self.backups, damage))
                file_state.forget_note(self.path)
                _log.warning("%s", self.remarks[-1].text)
            elif self._file_state.outdated:
                self.backups.make(self.path, SAFETY)
        self.database.open()
        self.temporary.open()
        self.database.write(self._clean_up).result()

    def begin(self) -> None:
        """Report the first state, and start the timer for backups. On the loop thread."""
        self._on_change(self.state())
        if self._unchecked:
            check = asyncio.wrap_future(self.database.check(problem))
            check.add_done_callback(self._on_content_checked)
        self._timer = asyncio.get_running_loop().call_later(FIRST_BACKUP_S, self._back_up_if_due)

    def close(self) -> None:
        """Finish the queued writes and close the file."""
        if self._timer is not None:
            self._timer.cancel()
        self._backup_thread.close()
        self.temporary.close()
        self.database.close()
        with contextlib.suppress(OSError):
            if self._suspect:
                file_state.note_damaged(self.path)
            elif not self._unchecked:
                file_state.note_closed(self.path)

    # --- reading, writing -------------------------------------------------------------------

    def refuse_while_restoring(self) -> None:
        """Refuse a change that a running restore would overwrite.

        Raises:
            SessionBusy: a backup is being restored.
        """
        if self.restoring:
            text = "A backup is being restored. Try again when it is finished"
            raise SessionBusy(text, reason=Reason.RESTORING)

    async def write(self, stored_id: str, job: Job[T]) -> T:
        """Run a job as one transaction in the database of this id. Returns once it is on disk.

        Raises:
            SessionBusy: a backup is being restored.
            ShellError: nothing was saved.
        """
        database = self.database_of(stored_id)
        if database is self.database:
            self.refuse_while_restoring()
        try:
            result = await asyncio.wrap_future(database.write(job))
        except ShellError as error:
            self.note_failure(error)
            raise
        if database is self.database:
            self._problem = None
        self.notify_change()
        return result

    async def read(self, stored_id: str, job: Job[T]) -> T:
        """Run a job that only reads in the database of this id."""
        with self._note_damage():
            return await asyncio.wrap_future(self.database_of(stored_id).read(job))

    def read_blocking(self, stored_id: str, job: Job[T]) -> T:
        """Run a job as `read` does, but block the calling thread until it ends."""
        with self._note_damage():
            return self.database_of(stored_id).read(job).result()

    async def search(self, stored_id: str, job: Job[T], limit: ReadLimit) -> T:
        """Run a search in the database of this id, in parallel with reads."""
        with self._note_damage():
            return await asyncio.wrap_future(self.database_of(stored_id).search(job, limit))

    @contextlib.contextmanager
    def _note_damage(self) -> Iterator[None]:
        try:
            yield
        except DatabaseDamaged:
            self._suspect = True
            raise

    def database_of(self, stored_id: str) -> Database:
        """Return the database that has the conversation or message of this id."""
        return self.temporary if stored_id.startswith(TEMPORARY) else self.database

    # --- state; on the loop thread ----------------------------------------------------------

    def notify_change(self) -> None:
        """Notify the subscriber that the conversations or their state have changed."""
        self._version += 1
        self._on_change(self.state())

    def notify_summary_change(self) -> None:
        """Notify the subscriber that a summary was written, edited or undone."""
        self._summaries += 1
        self.notify_change()

    def note_recovery(self) -> None:
        """Clear the problem after a write that succeeded."""
        if self._problem is not None:
            self._problem = None
            self.notify_change()

    def note_failure(self, error: ShellError) -> None:
        """Record the problem after a write that failed."""
        if isinstance(error, StorageFailed | StorageUnavailable):
            self._problem = error
            self._suspect = self._suspect or isinstance(error, DatabaseDamaged)
            self.notify_change()

    def state(self) -> StoreState:
        """Whether everything can be saved, and what happened at opening."""
        problem = None if self._problem is None else Problem.of(self._problem)
        version, summaries, remarks = self._version, self._summaries, list(self.remarks)
        return StoreState(version=version, summaries=summaries, problem=problem, remarks=remarks)

    # --- backups ----------------------------------------------------------------------------

    def back_up(self) -> Future[Path]:
        """Make a backup now, on the backup thread."""
        place = self.backups.folder / "backup"
        return self._run_backup_job(place, lambda: self.backups.make(self.path))

    def bundle(self, target: Path) -> Future[None]:
        """Write everything, settings included, to one file, on the backup thread."""
        return self._run_backup_job(target, lambda: bundle.write(target, self.path))

    def restore(
        self,
        source: Path,
        choose: Choose = lambda _: lambda: None,
        on_replaced: Callable[[], object] = lambda: None,
    ) -> Future[None]:
        """Replace the conversations with those of a backup, after a safety copy. Nothing else may
        write meanwhile, because rows have other numbers afterwards.

        Args:
            source: a bundle, or a backup of the conversations alone.
            choose: restores the settings and providers that the user chose.
            on_replaced: called on the backup thread once the conversations are replaced, also if
                a later step fails.
        """
        self.restoring = True

        def restore() -> None:
            try:
                self._replace(source, choose, on_replaced)
            finally:
                self.restoring = False

        return self._run_backup_job(source, restore)

    def _run_backup_job(self, place: Path, job: Callable[[], T]) -> Future[T]:
        def run() -> T:
            with storage_errors(place):
                return job()

        return self._backup_thread.submit(run)

    def _replace(self, source: Path, choose: Choose, on_replaced: Callable[[], object]) -> None:
        with tempfile.TemporaryDirectory(dir=self.path.parent, prefix=RESTORE) as folder:
            unpacked = bundle.unpack(source, Path(folder))
            apply_extras = choose(unpacked.extras)
            # The safety copy must have every write that was queued before the restore.
            self.database.write(lambda _: None).result()
            safety = self.backups.make(self.path, SAFETY)
            for extra in (self.path.with_name(name) for name in EXTRAS):
                if extra.exists():
                    shutil.copyfile(extra, safety.with_name(f"{safety.stem}-{extra.name}"))
            # The step that fails most often comes first, so settings never change without it.
            self.database.replace(unpacked.conversations).result()
            on_replaced()
            self.database.write(self._clean_up).result()
            apply_extras()
            try:
                self.backups.adopt(unpacked.conversations, "after")
            except OSError as error:  # the restore itself has succeeded
                _log.warning("What was restored is in no backup of its own: %s", error.strerror)

    def _back_up_if_due(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(BACKUP_S, self._back_up_if_due)
        if self.backups.is_due():
            asyncio.wrap_future(self.back_up()).add_done_callback(self._report_failure)

    def _on_content_checked(self, outcome: "asyncio.Future[str | None]") -> None:
        error = None if outcome.cancelled() else outcome.exception()
        if isinstance(error, ShellError) and error.reason is Reason.TOO_SLOW:
            return  # `close()` stopped it, and the next start checks the file again
        self._unchecked = False
        if not self._report_failure(outcome) and (found := outcome.result()) is not None:
            text = f"{self.path} is damaged ({found}). Restart Tidewire."
            self.note_failure(DatabaseDamaged(text, reason=Reason.DAMAGED))

    def _report_failure(self, outcome: "asyncio.Future[T]") -> bool:
        """Report the failure of a background job; returns whether there was one."""
        error = None if outcome.cancelled() else outcome.exception()
        if isinstance(error, ShellError):
            _log.warning("%s", error.message)
            self.note_failure(error)
        return outcome.cancelled() or error is not None

    def _sweep(self) -> None:
        """Remove unfinished copies of a killed process, which would keep deleted conversations."""
        with contextlib.suppress(OSError):
            self.backups.sweep()
            working_folder.sweep(self.path.parent)
            for path in self.path.parent.iterdir():
                if _LEFTOVER.fullmatch(path.name):
                    remove(path)

    def _had_content(self) -> bool:
        wal = self.path.with_name(f"{FILE}-wal")
        return bool(self.backups.list_all()) or (wal.exists() and wal.stat().st_size > 0)

    def _clean_up(self, connection: apsw.Connection) -> None:
        """Replace ids that would be looked for in memory, end the answers of an earlier process,
        and purge conversations deleted long ago.
        """
        now = epoch_ms()
        tree.replace_temporary_ids(connection)
        tree.end_interrupted(connection, now)
        tree.purge(connection, now - tree.DELETED_RETENTION_MS)
