"""Collects the pushes for one page: host state, replies to its calls, and events of runs.

A feed belongs to a window or tab and outlives its page loads. Each load has a nonce, and nothing
that was meant for an earlier load reaches a later one. `next()` makes one push at a time and
returns the same push until the page has acknowledged it. A lost push is therefore sent again
unchanged, and the page recognises it by its number.

A push has topics first, then replies, then events. So a page that has the reply to a call also has
every value that was published before it.
"""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shell.bridge.topics import Key, Topics

if TYPE_CHECKING:  # the GUI thread makes a feed, and would wait until the contract is loaded
    from shell.inference.log import InferenceLog

MAX_PUSH_BYTES = 256 * 1024
"""Longest text of one push. A single reply may be longer; it then travels alone."""
MAX_WAITING_BYTES = 32_000_000
"""Limit on replies the page has not fetched yet. Above it new calls are refused with LIMIT; above
twice the limit replies are dropped."""


@dataclass(frozen=True, slots=True)
class Push:
    """One push. `items` is the inside of a JSON array, in ASCII."""

    load: str
    number: int
    items: str


@dataclass(slots=True)
class _Cursor:
    log: "InferenceLog"
    seq: int
    unsubscribe: Callable[[], None]
    stops: frozenset[int] = frozenset()
    """The last `seq` of each attach reply. No joined event crosses one, so a page that has the
    reply can drop whole events."""


class Feed:
    """Writers are on the loop thread; the reader may be a pump's thread."""

    def __init__(self) -> None:
        self.load: str | None = None
        self.resumed = False
        """Whether the last hello came from the load that was open before."""
        self._wake: Callable[[bool], None] | None = None
        self._lock = threading.Lock()
        self._replies: deque[str] = deque()
        self.waiting = 0
        """Characters of the replies that are in no push yet."""
        self._cursors: dict[str, _Cursor] = {}
        self._topics = Topics()
        self._sent_versions: dict[Key, int] = {}
        """The version of each topic that was last sent to this load."""
        self._unsubscribe: Callable[[], None] = lambda: None
        self._in_flight: Push | None = None
        self._number = 0

    def on_wake(self, wake: Callable[[bool], None] | None) -> None:
        """Call `wake` when there is something to push; its argument is True if that is urgent."""
        self._wake = wake
        if wake is not None:
            wake(True)

    def open(self, load: str, topics: Topics | None = None) -> None:
        """Begin to serve a page load at its hello.

        A new load starts empty: cursors and replies of the load before it are dropped. A load that
        only lost its connection continues where it was. Both receive every topic.
        """
        with self._lock:
            if topics is not None and topics is not self._topics:
                self._unsubscribe()
                self._topics = topics
                self._unsubscribe = topics.subscribe(self._notify)
            self._sent_versions.clear()
            self.resumed = load == self.load
            if not self.resumed:
                self.load = load
                self._forget()

    def acknowledge_until(self, last_push: int) -> None:
        """Drop the pushes up to `last_push`, which the page has even if its answer was lost."""
        with self._lock:
            # A load that is new to this feed may have received pushes of another feed. Numbers
            # continue from there; otherwise the page would take the next pushes for resends.
            self._number = max(self._number, last_push)
            if self._in_flight is not None and self._in_flight.number <= last_push:
                self._in_flight = None

    def close(self) -> None:
        """Drop everything: the window was closed."""
        with self._lock:
            self.load = None
            self._wake = None
            self._unsubscribe()
            self._topics = Topics()
            self._forget()

    def reply(self, load: str, item: str) -> None:
        """Queue the reply to a call of `load`; it is pushed before any later event. Drops it if too
        many other replies wait for the page.
        """
        with self._lock:
            if load != self.load or self.waiting >= 2 * MAX_WAITING_BYTES:
                return
            self._replies.append(item)
            self.waiting += len(item)
        self._notify(True)

    def cursor(self, inference_id: str) -> int | None:
        """The last `seq` of a run that this load received; None if it does not follow the run."""
        with self._lock:
            cursor = self._cursors.get(inference_id)
            return None if cursor is None else cursor.seq

    def follow(self, load: str, log: "InferenceLog", after: int) -> None:
        """Push everything of `log` after `after` to the page from now on.

        A page that follows the log already still gets later events: the reply reaches only the part
        of the page that attached, and other parts may be listening.
        """
        with self._lock:
            if load != self.load:
                return
            known = self._cursors.get(log.inference_id)
            if known is not None:
                known.stops = frozenset({after, *(s for s in known.stops if s > known.seq)})
            else:
                self._cursors[log.inference_id] = _Cursor(log, after, log.subscribe(self._notify))
        if log.last_seq > after:
            self._notify(log.ending is not None)

    def next(self) -> Push | None:
        """The unacknowledged push, else a new one with as much as fits, or None."""
        with self._lock:
            if self._in_flight is None and self.load is not None:
                items = self._gather()
                if items:
                    self._number += 1
                    self._in_flight = Push(self.load, self._number, ",".join(items))
            return self._in_flight

    def acknowledge(self, load: str, number: int) -> bool:
        """Note that the page took this push; returns whether there is more to push."""
        with self._lock:
            push = self._in_flight
            if push is not None and push.load == load and push.number == number:
                self._in_flight = None
            return self._in_flight is not None or self._has_more()

    def _notify(self, urgent: bool) -> None:
        wake = self._wake
        if wake is not None:
            wake(urgent)

    def _forget(self) -> None:
        for cursor in self._cursors.values():
            cursor.unsubscribe()
        self._cursors.clear()
        self._sent_versions.clear()
        self._replies.clear()
        self.waiting = 0
        self._in_flight = None
        self._number = 0

    def _has_more(self) -> bool:
        return (
            bool(self._replies)
            or any(True for _ in self._topics.updates(self._sent_versions))
            or any(cursor.log.last_seq > cursor.seq for cursor in self._cursors.values())
        )

    def _gather(self) -> list[str]:
        items: list[str] = []
        room = MAX_PUSH_BYTES
        for key, version, item in self._topics.updates(self._sent_versions):
            if items and len(item) > room:
                return items
            items.append(item)
            room -= len(item) + 1
            self._sent_versions[key] = version
        while self._replies and (not items or len(self._replies[0]) <= room):
            item = self._replies.popleft()
            items.append(item)
            self.waiting -= len(item)
            room -= len(item) + 1
        if self._replies:
            return items
        for cursor in list(self._cursors.values()):
            while room > 0 and cursor.log.last_seq > cursor.seq:
                event = cursor.log.read(cursor.seq, stops=cursor.stops, max_characters=1)[0]
                item = event.model_dump_json(ensure_ascii=True)
                if items and len(item) > room:
                    return items
                items.append(item)
                room -= len(item) + 1
                cursor.seq = event.last_seq
            if cursor.log.ending is not None and cursor.seq == cursor.log.last_seq:
                cursor.unsubscribe()
                del self._cursors[cursor.log.inference_id]
        return items
