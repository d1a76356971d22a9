"""Bars: what this project's renderer has to reach beside the others of the same run."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.page.plan import FLOOD, LARGE, OURS, PACE, SMALL

Figures = Mapping[str, float]
Measured = Mapping[tuple[str, int, int], Figures]
"""Renderer, tokens and rate; and the figures."""


ALIKE = 0.05


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a bar; `reached` is None where a figure was not measured in this form."""

    bar: str
    reached: float | None
    met: bool | None


def judge(measured: Measured) -> list[Verdict]:
    """Every bar with what was reached."""
    found = []
    for tokens in (SMALL, LARGE):
        found.append(_share(measured, tokens))
        flood = _ratio(
            measured, "tokens_per_s", (OURS, tokens, FLOOD), ("streamdown", tokens, FLOOD)
        )
        found.append(_at_least(f"flood, {tokens} tokens, times streamdown's", flood, 2))
    growth = _ratio(measured, "commit_s", (OURS, LARGE, PACE), (OURS, SMALL, PACE))
    found.append(_at_most("commit time, 20,000 tokens to 5,000", growth, 4.6))
    tasks = [
        figures["longest_task_ms"]
        for (renderer, _, rate), figures in measured.items()
        if renderer == OURS and rate == PACE
    ]
    found.append(_at_most("longest task, ms", max(tasks, default=None), 50))
    return found


def _share(measured: Measured, tokens: int) -> Verdict:
    """Our CPU as a share of streamdown's.

    A page that other programs slow down shows fewer frames, and each of them more. Where the two
    made different numbers of updates, they are compared by what one update takes.
    """
    bar = f"CPU at {PACE}/s, {tokens} tokens, of streamdown's"
    ours, theirs = (OURS, tokens, PACE), ("streamdown", tokens, PACE)
    share = _ratio(measured, "cpu_s", ours, theirs)
    updates = _ratio(measured, "updates", ours, theirs)
    if share is not None and updates is not None and abs(updates - 1) > ALIKE:
        bar, share = f"{bar}, for each update", share / updates
    return _at_most(bar, share, 0.55)


def _ratio(
    measured: Measured, figure: str, ours: tuple[str, int, int], theirs: tuple[str, int, int]
) -> float | None:
    if ours not in measured or theirs not in measured:
        return None
    return measured[ours][figure] / measured[theirs][figure]


def _at_most(bar: str, reached: float | None, limit: float) -> Verdict:
    return Verdict(f"{bar} <= {limit}", reached, None if reached is None else reached <= limit)


def _at_least(bar: str, reached: float | None, limit: float) -> Verdict:
    return Verdict(f"{bar} >= {limit}", reached, None if reached is None else reached >= limit)
