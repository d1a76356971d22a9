"""The figures for people, in Markdown."""

from collections.abc import Mapping, Sequence

from benchmarks.bridge.bars import Medians, Verdict
from benchmarks.bridge.plan import WAYS

COLUMNS = (
    ("burst: tokens/s", "burst", "tokens_per_s", ",.0f"),
    ("µs", "burst", "host_us", ",.1f"),
    ("first: p50 ms", "first", "p50_ms", ".2f"),
    ("100/s: p50 ms", "slow", "p50_ms", ".2f"),
    ("1,000/s: p50 ms", "steady", "p50_ms", ".2f"),
    ("p95 ms", "steady", "p95_ms", ".1f"),
    ("µs", "steady", "host_us", ",.0f"),
    ("all µs", "steady", "all_us", ",.0f"),
    ("frames/s", "shown", "frames_per_s", ".0f"),
    ("100 calls: calls/s", "parallel", "calls_per_s", ",.0f"),
    ("1 call: p50 ms", "serial", "p50_ms", ".2f"),
)


def table(medians: Medians, missing: Mapping[str, str]) -> str:
    """A row for every measured way, and a note with the reason for every other way."""
    rows = [["way", *(title for title, *_ in COLUMNS)]]
    for name, way in WAYS.items():
        if name in medians:
            cells = [_cell(medians, name, *column[1:]) for column in COLUMNS]
            rows.append([way.title, *cells])
    notes = [f"\nNot measured: {WAYS[name].title}: {why}" for name, why in missing.items()]
    return "\n".join([*_aligned(rows), *notes])


def verdicts(results: Sequence[Verdict]) -> str:
    """A row for every bar."""
    words = {True: "met", False: "**missed**", None: "not measured"}
    rows = [["bar", "wanted", "reached", ""]]
    for verdict in results:
        reached = "" if verdict.reached is None else _short(verdict.reached)
        limit = f"{'≥' if verdict.bar.sign == '>=' else '≤'} {_short(verdict.bar.limit)}"
        rows.append([verdict.bar.title, limit, reached, words[verdict.met]])
    return "\n".join(_aligned(rows))


def _cell(medians: Medians, way: str, measurement: str, figure: str, form: str) -> str:
    value = medians[way].get(measurement, {}).get(figure)
    return "" if value is None else format(value, form)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        first, *remaining = zip(cells, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in remaining)]
        return f"| {' | '.join(padded)} |"

    rules = ["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]
    return [line(rows[0]), f"|{'|'.join(rules)}|", *map(line, rows[1:])]
