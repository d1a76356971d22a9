"""Holds the logs of all runs, and says who may read them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from shell.errors import NotFound
from shell.inference.log import InferenceLog

REMEMBERED_IDS = 10_000
"""How many ids of released logs are still refused for new runs."""


@dataclass(slots=True)
class _Held:
    log: InferenceLog
    owner: str
    shared: bool
    ended_at: float = math.inf


class LogRegistry:
    """Holds live logs, and finished ones until they are too old or too large. Loop thread only."""

    def __init__(self, kept_s: float, kept_bytes: int, now: Callable[[], float]) -> None:
        self._kept_s = kept_s
        self._kept_bytes = kept_bytes
        self._now = now
        self._held: dict[str, _Held] = {}
        self._finished: dict[str, _Held] = {}
        """In the order in which they ended."""
        self._finished_bytes = 0
        self._used: dict[str, None] = {}

    def knows(self, inference_id: str) -> bool:
        """Whether this id was ever used, as far as the host remembers."""
        return inference_id in self._held or inference_id in self._used

    def put(self, log: InferenceLog, owner: str, shared: bool) -> None:
        """Hold a new log."""
        self._held[log.inference_id] = _Held(log, owner, shared)

    def get(self, inference_id: str, owner: str) -> InferenceLog:
        """The log, if this owner may see it.

        Raises:
            NotFound: unknown, released or another window's, which all look the same.
        """
        held = self._held.get(inference_id)
        if held is None or not (held.shared or held.owner == owner):
            raise NotFound(f"Inference {inference_id} not found")
        return held.log

    def visible(self, owner: str) -> list[InferenceLog]:
        """Every log that this owner may see, oldest first."""
        return [held.log for held in self._held.values() if held.shared or held.owner == owner]

    def ended(self, log: InferenceLog) -> None:
        """Pack a log that has just ended. Its time in the registry starts now."""
        log.pack()
        held = self._held[log.inference_id]
        held.ended_at = self._now()
        self._finished[log.inference_id] = held
        self._finished_bytes += log.size
        self.release()

    def release(self) -> None:
        """Drop finished logs that are too old, and the oldest while they are too large together."""
        now = self._now()
        while self._finished:
            inference_id, held = next(iter(self._finished.items()))
            if now - held.ended_at < self._kept_s and self._finished_bytes <= self._kept_bytes:
                break
            self._finished_bytes -= held.log.size
            del self._finished[inference_id], self._held[inference_id]
            self._used[inference_id] = None
            if len(self._used) > REMEMBERED_IDS:
                del self._used[next(iter(self._used))]
