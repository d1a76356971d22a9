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

AT_ONCE = 2
"""Most imports that may be running at a time."""
REMEMBERED = 20
"""Imports that have ended and whose outcome a page can still learn."""
TELL_S = 0.1
"""Least time between two progress reports of one import."""
SILENT_S = 60.0
"""An upload without a new piece for this long is given up."""

_log = logging.getLogger(__name__)
State = Literal["receiving", "running", "done", "cancelled", "failed"]


@dataclass(slots=True, eq=False)
class Import:
    """One import. Its own thread parses and writes; all methods run on the loop thread."""

    owner: str
    size: int
    file: IO[bytes]
    heard_s: float
    """When the last piece arrived, on the loop's clock."""
    arrived: ImportedPart
    received: int = 0
    state: State = "receiving"
    failure: ShellError | None = None
    id: str = field(default_factory=new_id)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def under_way(self) -> bool:
        """Whether it has not ended."""
        return self.state in ("receiving", "running")

    def described(self) -> ImportState:
        """The state as pages are told it."""
        return ImportState(
            import_id=self.id,
            state=self.state,
            failure=None if self.failure is None else Problem.of(self.failure),
            **asdict(self.arrived),
        )


class Imports:
    """Loop thread only; made on it."""

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
            LimitReached: too many imports are under way.
            SessionBusy: a backup is being restored.
        """
        self._store.refuse_while_restoring()
        self._forget_silent()
        current = sum(one.under_way for one in self._imports.values())
        if current >= AT_ONCE:
            text = f"Only {AT_ONCE} imports can run at the same time"
            raise LimitReached(text, AT_ONCE, current, reason=Reason.TOO_MANY_IMPORTS)
        file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by `_run`, `_drop`
        one = Import(owner, size, file, self._loop.time(), ImportedPart(total_bytes=size))
        self._imports[one.id] = one
        self._change(one, one.state, one.arrived)
        for ended in [key for key, old in self._imports.items() if not old.under_way][:-REMEMBERED]:
            del self._imports[ended]
            self._topics.remove("import", ended)
        return one.id

    def write(self, owner: str, import_id: str, data: str) -> int:
        """Store the next piece, in base64, and return how many bytes there are. The last starts it.

        Raises:
            ShellError: no such import, more bytes than announced, or no room for them.
        """
        one = self._find(owner, import_id)
        if one.state != "receiving":
            raise ValidationFailed([("importId", "This import accepts no more data")])
        try:
            piece = base64.b64decode(data, validate=True)
        except ValueError:
            raise ValidationFailed([("data", "The data is not base64")]) from None
        if one.received + len(piece) > one.size:
            raise ValidationFailed([("data", "There is more data than was announced")])
        try:
            one.file.write(piece)
        except OSError as error:
            self._drop(one)
            raise ShellError(f"The file to import cannot be stored: {reason(error)}") from error
        one.received += len(piece)
        one.heard_s = self._loop.time()
        if one.received == one.size:
            self._change(one, "running", one.arrived)
            thread = threading.Thread(target=self._run, args=(one,), name="import", daemon=True)
            self._threads.add(thread)
            thread.start()
        return one.received

    def cancel(self, owner: str, import_id: str) -> bool:
        """Stop an import. Conversations that were imported stay. False when it has ended."""
        one = self._find(owner, import_id)
        if not one.under_way:
            return False
        one.stopped.set()
        if one.state == "receiving":
            self._drop(one)
        return True

    @property
    def idle(self) -> bool:
        """Whether no import is running."""
        self._forget_silent()
        return not any(one.under_way for one in self._imports.values())

    def forget_caller(self, owner: str) -> None:
        """Give up the uploads of a window or a tab that is gone."""
        for one in self._imports.values():
            if one.owner == owner and one.state == "receiving":
                self._drop(one)

    async def close(self) -> None:
        """Stop all of them and wait for their threads."""
        for one in self._imports.values():
            one.stopped.set()
            if one.state == "receiving":
                self._drop(one)
        for thread in list(self._threads):
            await asyncio.to_thread(thread.join, 2.0)

    def _find(self, owner: str, import_id: str) -> Import:
        one = self._imports.get(import_id)
        if one is None or one.owner != owner:
            raise NotFound(f"Import {import_id} not found")
        return one

    def _forget_silent(self) -> None:
        """Give up the uploads of which nothing has come for a while: their page is gone."""
        for one in self._imports.values():
            if one.state == "receiving" and self._loop.time() - one.heard_s >= SILENT_S:
                self._drop(one)

    def _drop(self, one: Import) -> None:
        one.file.close()
        self._change(one, "cancelled", one.arrived)

    def _change(
        self, one: Import, state: State, arrived: ImportedPart, failure: ShellError | None = None
    ) -> None:
        one.state, one.arrived, one.failure = state, arrived, failure
        self._topics.publish(ImportTopic(key=one.id, value=one.described()))

    def _run(self, one: Import) -> None:
        """Parse and write the file. Runs on the import's own thread."""
        last, reported_at = one.arrived, time.monotonic()

        def progress(arrived: ImportedPart) -> None:
            nonlocal last, reported_at
            last = arrived
            if one.stopped.is_set():
                raise ImportCancelled
            if time.monotonic() - reported_at >= TELL_S:
                reported_at = time.monotonic()
                self._tell(one, "running", arrived)

        try:
            with one.file as file:
                file.seek(0)
                last = import_file(self._store.database, file, one.size, progress)
            self._tell(one, "done", last)
        except ImportCancelled:
            self._tell(one, "cancelled", last)
        except ShellError as error:
            self._tell(one, "failed", last, error)
        except Exception as error:
            _log.exception("An import failed")
            self._tell(
                one, "failed", last, ShellError(f"The import failed ({type(error).__name__})")
            )
        finally:
            self._threads.discard(threading.current_thread())

    def _tell(
        self, one: Import, state: State, arrived: ImportedPart, failure: ShellError | None = None
    ) -> None:
        seen = deepcopy(arrived)

        def change() -> None:
            self._change(one, state, seen, failure)
            self._store.notify_change()

        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(change)
