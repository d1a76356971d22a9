"""Required figures of this project's renderer relative to others of the same run."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.page.plan import FLOOD, LARGE, PACE, SMALL, TIDEWIRE

Figures = Mapping[str, float]
Key = tuple[str, int, int]
"""Renderer, tokens and rate."""
Measured = Mapping[Key, Figures]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result for a bar. `reached` is None if this plan does not measure one of its figures."""

    bar: str
    reached: float | None
    met: bool | None


def judge(measured: Measured) -> list[Verdict]:
    """The result for every bar."""
    verdicts = []
    for tokens in (SMALL, LARGE):
        share = _ratio(measured, "cpu_s", (TIDEWIRE, tokens, PACE), ("streamdown", tokens, PACE))
        verdicts.append(_at_most(f"CPU at {PACE}/s, {tokens} tokens, of streamdown's", share, 0.55))
        flood = _ratio(
            measured, "tokens_per_s", (TIDEWIRE, tokens, FLOOD), ("streamdown", tokens, FLOOD)
        )
        verdicts.append(_at_least(f"flood, {tokens} tokens, times streamdown's", flood, 2))
    growth = _ratio(measured, "commit_s", (TIDEWIRE, LARGE, PACE), (TIDEWIRE, SMALL, PACE))
    verdicts.append(_at_most("commit time, 20,000 tokens to 5,000", growth, 4.6))
    tasks = [
        figures["longest_task_ms"]
        for (renderer, _, rate), figures in measured.items()
        if renderer == TIDEWIRE and rate == PACE
    ]
    verdicts.append(_at_most("longest task, ms", max(tasks, default=None), 50))
    return verdicts


def _ratio(measured: Measured, figure: str, key: Key, baseline: Key) -> float | None:
    if key not in measured or baseline not in measured:
        return None
    return measured[key][figure] / measured[baseline][figure]


def _at_most(bar: str, reached: float | None, limit: float) -> Verdict:
    return Verdict(f"{bar} <= {limit}", reached, None if reached is None else reached <= limit)


def _at_least(bar: str, reached: float | None, limit: float) -> Verdict:
    return Verdict(f"{bar} >= {limit}", reached, None if reached is None else reached >= limit)
