"""What this project's renderer has to reach beside the others of the same run."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.page.plan import FLOOD, LARGE, OURS, PACE, SMALL

Figures = Mapping[str, float]
Key = tuple[str, int, int]
"""Renderer, tokens and rate."""
Measured = Mapping[Key, Figures]


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
    found.append(_at_most("longest task, ms", max(tasks, default=None), 50))
    return found


def _ratio(measured: Measured, figure: str, ours: Key, theirs: Key) -> float | None:
    if ours not in measured or theirs not in measured:
        return None
    return measured[ours][figure] / measured[theirs][figure]


def _at_most(bar: str, reached: float | None, limit: float) -> Verdict:
    return Verdict(f"{bar} <= {limit}", reached, None if reached is None else reached <= limit)


def _at_least(bar: str, reached: float | None, limit: float) -> Verdict:
    return Verdict(f"{bar} >= {limit}", reached, None if reached is None else reached >= limit)
