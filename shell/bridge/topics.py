"""Holds the state of the host that pages show: the latest value of each topic.

A page is pushed every topic after its hello, and again when a value changes. A value
that is not yet delivered is replaced, so a slow page costs no memory and gets no outdated values.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the GUI thread makes a feed, and would wait until the contract is loaded
    from shell.contract import AnyTopic, ProgramTopic

Key = tuple[str, str]
"""The name of a topic, and which of several of this name it is."""


@dataclass(frozen=True, slots=True)
class _Latest:
    version: int
    item: str


class Topics:
    """Written on the loop thread; feeds read from any thread."""

    def __init__(self) -> None:
        self._latest: dict[Key, _Latest] = {}
        """Replaced as a whole at every change, so that a reader needs no lock."""
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
        """Tell later page loads nothing of this topic any more."""
        self._latest = {k: v for k, v in self._latest.items() if k != (name, key)}

    def changed(self, told: Mapping[Key, int]) -> Iterator[tuple[Key, int, str]]:
        """What a page has not been told: key, version and the push's item. `told` has versions."""
        for key, latest in self._latest.items():
            if told.get(key) != latest.version:
                yield key, latest.version, latest.item

    def subscribe(self, wake: Callable[[bool], None]) -> Callable[[], None]:
        """Call `wake` after each change; returns what ends that."""
        self._wakes.add(wake)
        return lambda: self._wakes.discard(wake)
