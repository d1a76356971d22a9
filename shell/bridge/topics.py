"""Holds the state of the host that pages show: the latest value of each topic.

A page receives every topic after its hello, and a topic again when its value changes. A newer value
replaces one that is not yet delivered, so a slow page costs no memory and gets no outdated values.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the GUI thread makes a feed, and would wait until the contract is loaded
    from shell.contract import AnyTopic, ProgramTopic

Key = tuple[str, str]
"""The name of a topic, and a key that tells apart several of the same name."""


@dataclass(frozen=True, slots=True)
class _Latest:
    version: int
    item: str


class Topics:
    """Written on the loop thread; feeds read from any thread."""

    def __init__(self) -> None:
        self._latest: dict[Key, _Latest] = {}
        """Every change replaces the whole mapping, so that a reader needs no lock."""
        self._version = 0
        self._wakes: set[Callable[[bool], None]] = set()

    def publish(self, topic: "AnyTopic | ProgramTopic") -> None:
        """Replace the value of a topic and wake the pages, unless they have the same value."""
        key = (topic.name, topic.key)
        item = topic.model_dump_json(ensure_ascii=True)
        known = self._latest.get(key)
        if known is not None and known.item == item:
            return
        self._version += 1
        self._latest = {**self._latest, key: _Latest(self._version, item)}
        for wake in list(self._wakes):
            wake(False)

    def remove(self, name: str, key: str) -> None:
        """Remove a topic, so that later page loads do not receive it."""
        self._latest = {k: v for k, v in self._latest.items() if k != (name, key)}

    def updates(self, sent_versions: Mapping[Key, int]) -> Iterator[tuple[Key, int, str]]:
        """Yield key, version and the push's item of each topic that the page has not yet."""
        for key, latest in self._latest.items():
            if sent_versions.get(key) != latest.version:
                yield key, latest.version, latest.item

    def subscribe(self, wake: Callable[[bool], None]) -> Callable[[], None]:
        """Call `wake` after each change; returns the function that unsubscribes."""
        self._wakes.add(wake)
        return lambda: self._wakes.discard(wake)
