"""ModelApi: the `model` namespace: fetches the embedded model, and says how far that is."""

from concurrent.futures import Future
from pathlib import Path

from shell.bridge.caller import Caller
from shell.contract import FetchState, ModelFetch
from shell.errors import ShellError
from shell.providers.local.download import Download
from shell.providers.local.model_files import ModelFiles
from shell.support.worker import Worker


class ModelApi:
    """One fetching at a time, whichever window has asked for it.

    Args:
        data: the data directory; the weights go into its `models`.
        shelf: where weights are looked for.
    """

    def __init__(self, data: Path, shelf: ModelFiles) -> None:
        self._shelf = shelf
        # What was begun does not keep the program from ending: it goes on where it stopped.
        self._worker = Worker("fetch the model")
        self._fetching = Download(data / "models", self._show)
        self._running: Future[Path] | None = None
        self._done, self._total = 0, 0

    def fetch(self, caller: Caller) -> ModelFetch:
        """Begin to fetch the weights, unless they are here or on their way."""
        running = self._running is not None and not self._running.done()
        if not running and not self._shelf.all():
            self._done, self._total = 0, 0
            self._running = self._worker.submit(self._fetching.fetch)
        return self.state(caller)

    def state(self, caller: Caller) -> ModelFetch:
        """How far it is."""
        running, problem = self._running, None
        if running is not None and running.done():
            error = running.exception()
            if error is not None:
                problem = error.message if isinstance(error, ShellError) else type(error).__name__
        elif running is not None:
            return self._told("fetching", None)
        if self._shelf.all():
            return self._told("here", None)
        return self._told("missing", problem)

    def _told(self, state: FetchState, problem: str | None) -> ModelFetch:
        return ModelFetch(
            state=state, done_bytes=self._done, total_bytes=self._total, problem=problem
        )

    def _show(self, done: int, total: int) -> None:
        """Of the worker's thread; two numbers, of which either may be a moment older."""
        self._done, self._total = done, total
