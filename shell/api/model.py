"""Downloads the embedded model for a page, and publishes the progress: the `model` namespace."""

import asyncio
import contextlib
import time
from concurrent.futures import Future
from pathlib import Path

from shell.bridge.caller import Caller
from shell.bridge.topics import Topics
from shell.contract import FetchState, ModelFetch, ModelTopic
from shell.errors import ShellError
from shell.providers.local.download import Download
from shell.providers.local.model_files import ModelFiles
from shell.support.worker import Worker

PUBLISH_S = 0.25
"""Least time between two progress reports."""


class ModelApi:
    """Runs one download at a time for all windows. Made on the loop thread."""

    def __init__(self, data: Path, model_files: ModelFiles, topics: Topics) -> None:
        self._model_files = model_files
        self._topics = topics
        self._loop = asyncio.get_running_loop()
        # A download does not keep the program from ending; the next one continues it.
        self._worker = Worker("fetch the model")
        self._fetching = Download(data / "models", self._show)
        self._shown_s = 0.0
        self._running: Future[Path] | None = None
        self._done, self._total = 0, 0

    def fetch(self, caller: Caller) -> ModelFetch:
        """Begin to download the weights, unless there is a model file or a download runs. The topic
        `model` has the progress.
        """
        running = self._running is not None and not self._running.done()
        if not running and not self._model_files.all():
            self._done, self._total = 0, 0
            self._running = self._worker.submit(self._fetching.fetch)
            self._running.add_done_callback(lambda _: self._publish_soon())
        self._publish()
        return self._state()

    def state(self, caller: Caller) -> ModelFetch:
        """Get whether there is a model file, and the progress of a download."""
        return self._state()

    def _state(self) -> ModelFetch:
        running, problem = self._running, None
        state: FetchState = "missing"
        if running is not None and not running.done():
            state = "fetching"
        elif self._model_files.all():
            state = "here"
        elif running is not None and (error := running.exception()) is not None:
            problem = error.message if isinstance(error, ShellError) else type(error).__name__
        return ModelFetch(
            state=state, done_bytes=self._done, total_bytes=self._total, problem=problem
        )

    def _show(self, done: int, total: int) -> None:
        """Store the progress and publish it. In the worker's thread."""
        self._done, self._total = done, total
        now_s = time.monotonic()
        if now_s - self._shown_s >= PUBLISH_S:
            self._shown_s = now_s
            self._publish_soon()

    def _publish_soon(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._publish)

    def _publish(self) -> None:
        self._topics.publish(ModelTopic(value=self._state()))
