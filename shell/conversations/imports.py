"""Imports files of conversations, which a page uploads in pieces."""

import asyncio
import base64
import contextlib
import logging
import tempfile
import threading
import time
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Literal

from shell.bridge.topics import Topics
from shell.contract import ImportState, ImportTopic, Problem
from shell.errors import LimitReached, NotFound, Reason, ShellError, ValidationFailed
from shell.store.exchange.importing import ImportCancelled, ImportedPart, import_file
from shell.store.store import Store
from shell.support.files import reason
from shell.support.ids import new_id

MAX_ACTIVE = 2
"""Most imports at a time, including uploads."""
MAX_ENDED = 20
"""How many ended imports a page can still see."""
REPORT_INTERVAL_S = 0.1
"""Least time between two progress reports of one import."""
UPLOAD_TIMEOUT_S = 60.0
"""An upload without a new piece for this long is cancelled."""

_log = logging.getLogger(__name__)
Stage = Literal["receiving", "running", "done", "cancelled", "failed"]


@dataclass(slots=True, eq=False)
class Import:
    """One import. Its own thread parses and writes; all methods run on the loop thread."""

    owner: str
    size: int
    file: IO[bytes]
    last_piece_at: float
    """When the last piece arrived, on the loop's clock."""
    progress: ImportedPart
    received: int = 0
    state: Stage = "receiving"
    failure: ShellError | None = None
    id: str = field(default_factory=new_id)
    stop_requested: threading.Event = field(default_factory=threading.Event)

    @property
    def is_active(self) -> bool:
        """Whether the import has not ended."""
        return self.state in ("receiving", "running")

    def describe(self) -> ImportState:
        """The state of the import for pages."""
        return ImportState(
            import_id=self.id,
            state=self.state,
            failure=None if self.failure is None else Problem.of(self.failure),
            **asdict(self.progress),
        )


class Imports:
    """The imports of all pages. Loop thread only; created on it."""

    def __init__(self, store: Store, folder: Path, topics: Topics) -> None:
        self._topics = topics
        self._store = store
        self._folder = folder
        self._loop = asyncio.get_running_loop()
        self._imports: dict[str, Import] = {}
        self._threads: set[threading.Thread] = set()

    def begin(self, owner: str, size: int) -> str:
        """Begin an import of a file of this size.

        Raises:
            LimitReached: too many imports have not ended.
            SessionBusy: a backup is being restored.
            ShellError: there is no space for the file.
        """
        self._store.refuse_while_restoring()
        self._drop_stalled()
        current = sum(job.is_active for job in self._imports.values())
        if current >= MAX_ACTIVE:
            text = f"Only {MAX_ACTIVE} imports can run at the same time"
            raise LimitReached(text, MAX_ACTIVE, current, reason=Reason.TOO_MANY_IMPORTS)
        try:
            file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - see `_run`, `_drop`
        except OSError as error:
            raise _not_stored(error) from error
        job = Import(owner, size, file, self._loop.time(), ImportedPart(total_bytes=size))
        self._imports[job.id] = job
        self._change(job, job.state, job.progress)
        ended_ids = [other.id for other in self._imports.values() if not other.is_active]
        for ended_id in ended_ids[:-MAX_ENDED]:
            del self._imports[ended_id]
            self._topics.remove("import", ended_id)
        return job.id

    def write(self, owner: str, import_id: str, data: str) -> int:
        """Store the next piece, in base64. The import starts with the last piece.

        Returns:
            the number of bytes received so far.

        Raises:
            ShellError: no such import, more bytes than announced, or no space for them.
        """
        job = self._find(owner, import_id)
        if job.state != "receiving":
            raise ValidationFailed([("importId", "This import accepts no more data")])
        try:
            piece = base64.b64decode(data, validate=True)
        except ValueError:
            raise ValidationFailed([("data", "The data is not base64")]) from None
        if job.received + len(piece) > job.size:
            raise ValidationFailed([("data", "There is more data than was announced")])
        try:
            job.file.write(piece)
        except OSError as error:
            self._drop(job)
            raise _not_stored(error) from error
        job.received += len(piece)
        job.last_piece_at = self._loop.time()
        if job.received == job.size:
            self._change(job, "running", job.progress)
            thread = threading.Thread(target=self._run, args=(job,), name="import", daemon=True)
            self._threads.add(thread)
            thread.start()
        return job.received

    def cancel(self, owner: str, import_id: str) -> bool:
        """Stop an import. Conversations that were imported stay. False if it has ended."""
        job = self._find(owner, import_id)
        if not job.is_active:
            return False
        job.stop_requested.set()
        if job.state == "receiving":
            self._drop(job)
        return True

    @property
    def idle(self) -> bool:
        """Whether no import is running."""
        self._drop_stalled()
        return not any(job.is_active for job in self._imports.values())

    def forget_caller(self, owner: str) -> None:
        """Cancel the uploads of a closed window or tab."""
        for job in self._imports.values():
            if job.owner == owner and job.state == "receiving":
                self._drop(job)

    async def close(self) -> None:
        """Stop all imports, and wait for their threads, at most 2 s for each."""
        for job in self._imports.values():
            job.stop_requested.set()
            if job.state == "receiving":
                self._drop(job)
        for thread in list(self._threads):
            await asyncio.to_thread(thread.join, 2.0)

    def _find(self, owner: str, import_id: str) -> Import:
        job = self._imports.get(import_id)
        if job is None or job.owner != owner:
            raise NotFound(f"Import {import_id} not found")
        return job

    def _drop_stalled(self) -> None:
        """Cancel the uploads without a recent piece: their page has closed."""
        now = self._loop.time()
        for job in self._imports.values():
            if job.state == "receiving" and now - job.last_piece_at >= UPLOAD_TIMEOUT_S:
                self._drop(job)

    def _drop(self, job: Import) -> None:
        job.file.close()
        self._change(job, "cancelled", job.progress)

    def _change(
        self, job: Import, state: Stage, progress: ImportedPart, failure: ShellError | None = None
    ) -> None:
        job.state, job.progress, job.failure = state, progress, failure
        self._topics.publish(ImportTopic(key=job.id, value=job.describe()))

    def _run(self, job: Import) -> None:
        """Parse and write the file. Runs on the import's own thread."""
        last, reported_at = job.progress, time.monotonic()

        def on_progress(progress: ImportedPart) -> None:
            nonlocal last, reported_at
            last = progress
            if job.stop_requested.is_set():
                raise ImportCancelled
            if time.monotonic() - reported_at >= REPORT_INTERVAL_S:
                reported_at = time.monotonic()
                self._report(job, "running", progress)

        try:
            with job.file as file:
                file.seek(0)
                last = import_file(self._store.database, file, job.size, on_progress)
            self._report(job, "done", last)
        except ImportCancelled:
            self._report(job, "cancelled", last)
        except ShellError as error:
            self._report(job, "failed", last, error)
        except Exception as error:
            _log.exception("An import failed")
            failure = ShellError(f"The import failed ({type(error).__name__})")
            self._report(job, "failed", last, failure)
        finally:
            self._threads.discard(threading.current_thread())

    def _report(
        self, job: Import, state: Stage, progress: ImportedPart, failure: ShellError | None = None
    ) -> None:
        snapshot = deepcopy(progress)

        def change() -> None:
            self._change(job, state, snapshot, failure)
            self._store.notify_change()

        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(change)


def _not_stored(error: OSError) -> ShellError:
    return ShellError(f"The file to import cannot be stored: {reason(error)}")
