"""Bars: what this project's renderer has to reach beside the others of the same run."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.page.plan import FLOOD, LARGE, OURS, PACE, SMALL

Figures = Mapping[str, float]
Measured = Mapping[tuple[str, int, int], Figures]
"""Renderer, tokens and rate; and the figures."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a bar; `reached` is None where a figure was not measured in this form."""

    bar: str
    reached: float | None
    met: bool | None


def judge(measured: Measured, quiet: bool) -> list[Verdict]:
    """Every bar with what was reached. How long a task takes is judged on a quiet machine only."""
    found = []
    for tokens in (SMALL, LARGE):
        share = _ratio(measured, "cpu_s", (OURS, tokens, PACE), ("streamdown", tokens, PACE))
        found.append(_at_most(f"CPU at {PACE}/s, {tokens} tokens, of streamdown's", share, 0.55))
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
    longest = _at_most("longest task, ms", max(tasks, default=None), 50)
    found.append(longest if quiet else Verdict(longest.bar, longest.reached, None))
    return found


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
