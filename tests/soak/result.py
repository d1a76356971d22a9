"""The result of a long check: whether it passed, and its figures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

Figure = float | int | str | bool | None


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of one check. `figures` are its measurements by name."""

    ok: bool
    figures: Mapping[str, Figure] = field(default_factory=dict)


Check = Callable[[], Result]
"""Runs one long check to its end, with an event loop of its own if it needs one."""
