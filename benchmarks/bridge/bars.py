"""Required figures of this project's window, absolute and relative to others of the same run."""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Medians = Mapping[str, Mapping[str, Mapping[str, float | None]]]
"""Values by way, measurement and figure."""

Place = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Bar:
    """Requires `measured` to be at least (or at most) `limit`, or `limit` times `baseline`."""

    title: str
    measured: Place
    sign: str
    limit: float
    baseline: Place | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result for a bar. `reached` is None if one of its figures was not measured."""

    bar: Bar
    reached: float | None

    @property
    def met(self) -> bool | None:
        """None means not measured."""
        if self.reached is None:
            return None
        compare: Callable[[float, float], bool] = _SIGNS[self.bar.sign]
        return compare(self.reached, self.bar.limit)


_SIGNS = {">=": operator.ge, "<=": operator.le}
_BURST = ("door-qt", "burst", "tokens_per_s")
_STEADY_CPU = ("door-qt", "steady", "host_us")
_PARALLEL = ("door-qt", "parallel", "calls_per_s")

BARS = (
    Bar("burst, tokens/s", _BURST, ">=", 300_000),
    Bar("burst, times Channel", _BURST, ">=", 10, ("channel", "burst", "tokens_per_s")),
    Bar("burst, times evaluate_js", _BURST, ">=", 200, ("evaluate_js", "burst", "tokens_per_s")),
    Bar("burst, host CPU, µs a token", ("door-qt", "burst", "host_us"), "<=", 5),
    Bar("1,000/s, p50 ms", ("door-qt", "steady", "p50_ms"), "<=", 6),
    Bar("first token, p50 ms", ("door-qt", "first", "p50_ms"), "<=", 2),
    Bar(
        "1,000/s, CPU, times evaluate_js", _STEADY_CPU, "<=", 0.5, ("evaluate_js", *_STEADY_CPU[1:])
    ),
    Bar("1,000/s, CPU, times Channel", _STEADY_CPU, "<=", 1.15, ("channel", *_STEADY_CPU[1:])),
    Bar("100/s, p50 ms", ("door-qt", "slow", "p50_ms"), "<=", 1.5),
    Bar("100 calls at once, times js_api", _PARALLEL, ">=", 15, ("evaluate_js", *_PARALLEL[1:])),
    Bar("100 calls at once, times invoke", _PARALLEL, ">=", 10, ("channel", *_PARALLEL[1:])),
    Bar(
        "one call, p50, times js_api",
        ("door-qt", "serial", "p50_ms"),
        "<=",
        1.15,
        ("evaluate_js", "serial", "p50_ms"),
    ),
)


def judge(medians: Medians, bars: Sequence[Bar] = BARS) -> list[Verdict]:
    """The result for every bar."""
    return [Verdict(bar, _reached(medians, bar)) for bar in bars]


def _reached(medians: Medians, bar: Bar) -> float | None:
    measured = _figure(medians, bar.measured)
    if bar.baseline is None or measured is None:
        return measured
    baseline = _figure(medians, bar.baseline)
    return measured / baseline if baseline else None


def _figure(medians: Medians, place: Place) -> float | None:
    way, measurement, figure = place
    return medians.get(way, {}).get(measurement, {}).get(figure)
