"""Holds the logs of all runs, and checks which owner may read them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from shell.errors import NotFound
from shell.inference.log import InferenceLog

REMEMBERED_IDS = 10_000
"""How many ids of released logs stay refused for new runs."""


@dataclass(slots=True)
class _Entry:
    log: InferenceLog
    owner: str
    shared: bool
    ended_at: float = math.inf


class LogRegistry:
    """Holds live logs, and finished ones until they are too old or too large. Loop thread only.

    Args:
        retention_s: how long a finished log stays.
        retention_bytes: the most memory that all finished logs take together.
        now: a monotonic clock, in seconds.
    """

    def __init__(self, retention_s: float, retention_bytes: int, now: Callable[[], float]) -> None:
        self._retention_s = retention_s
        self._retention_bytes = retention_bytes
        self._now = now
        self._entries: dict[str, _Entry] = {}
        self._finished: dict[str, _Entry] = {}
        """In the order in which they ended."""
        self._finished_bytes = 0
        self._released_ids: dict[str, None] = {}

    def knows(self, inference_id: str) -> bool:
        """Whether this id was ever used, as far as the host remembers."""
        return inference_id in self._entries or inference_id in self._released_ids

    def put(self, log: InferenceLog, owner: str, shared: bool) -> None:
        """Hold a new log."""
        self._entries[log.inference_id] = _Entry(log, owner, shared)

    def get(self, inference_id: str, owner: str) -> InferenceLog:
        """The log, if this owner may see it.

        Raises:
            NotFound: unknown, released or another window's. All three look the same.
        """
        entry = self._entries.get(inference_id)
        if entry is None or not (entry.shared or entry.owner == owner):
            raise NotFound(f"Inference {inference_id} not found")
        return entry.log

    def visible(self, owner: str) -> list[InferenceLog]:
        """Every log that this owner may see, oldest first."""
        entries = self._entries.values()
        return [entry.log for entry in entries if entry.shared or entry.owner == owner]

    def finish(self, log: InferenceLog) -> None:
        """Pack a log that has just ended. Its retention time starts now."""
        log.pack()
        entry = self._entries[log.inference_id]
        entry.ended_at = self._now()
        self._finished[log.inference_id] = entry
        self._finished_bytes += log.size
        self.release()

    def release(self) -> None:
        """Drop finished logs that are too old, and the oldest while they are too large together."""
        now = self._now()
        while self._finished:
            inference_id, entry = next(iter(self._finished.items()))
            is_recent = now - entry.ended_at < self._retention_s
            if is_recent and self._finished_bytes <= self._retention_bytes:
                break
            self._finished_bytes -= entry.log.size
            del self._finished[inference_id], self._entries[inference_id]
            self._released_ids[inference_id] = None
            if len(self._released_ids) > REMEMBERED_IDS:
                del self._released_ids[next(iter(self._released_ids))]
