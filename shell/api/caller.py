"""Caller: the window or tab on whose behalf a call runs."""

from dataclasses import dataclass, field

from shell.api.feed import Feed


@dataclass(slots=True)
class Caller:
    """A window (or a browser tab); it keeps its identity across reloads."""

    id: str
    feed: Feed = field(default_factory=Feed)
    busy: int = 0
    """Calls that have begun and not been answered."""

    @property
    def load(self) -> str:
        """The page load that is in the window now; empty before the first hello."""
        return self.feed.load or ""
