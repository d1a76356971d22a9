"""Starts the peers, measures them in turns, and tells what came of it."""

import argparse
import contextlib
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.bridge import bars, table
from benchmarks.bridge.peer import Figures, Peer, Running
from benchmarks.bridge.peers import Missing, build_page, peers
from benchmarks.bridge.plan import FULL, SHORT, WAYS, Order, Plan
from benchmarks.bridge.programs import processor
from benchmarks.bridge.screen import screen
from benchmarks.machine import load, machine

PACKAGES = ("pywebview", "PySide6-Essentials", "websockets")
CALM = 0.1
"""Processors that other programs may use during a measurement before it is made again."""

Samples = dict[str, dict[str, list[Figures]]]
"""The figures of each round, by way and measurement."""


def run(arguments: Sequence[str]) -> int:
    """Measure and report. Returns 1 when a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks bridge", description=__doc__)
    parser.add_argument("--full", action="store_true", help="20 minutes instead of five")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where to write all figures")
    parser.add_argument("--only", nargs="+", choices=WAYS, help="these ways alone")
    parser.add_argument(
        "--calm",
        type=int,
        default=1,
        metavar="TIMES",
        help="measure up to so often until other programs are quiet; the calmest time counts",
    )
    options = parser.parse_args(arguments)
    plan = FULL if options.full else SHORT
    print_progress("Building the page and getting the peers ...")
    build_page()
    available, missing = _gather(options.only or list(WAYS))
    load_before = load()
    with screen() as display:
        if not display:
            missing |= {way: "there is no display" for way in available if WAYS[way].peer != "qt"}
        usable = {way: peer for way, peer in available.items() if way not in missing}
        samples = _measure(usable, plan, display, options.calm)
    facts = {
        "machine": machine(PACKAGES),
        "load": {"before": load_before, "after": load()},
        "rounds": plan.rounds,
    }
    medians = {
        way: {name: _medians(rounds) for name, rounds in measured.items()}
        for way, measured in samples.items()
    }
    judged = bars.judge(medians)
    if options.json is not None:
        bar_results = [
            {"bar": verdict.bar.title, "reached": verdict.reached, "met": verdict.met}
            for verdict in judged
        ]
        figures = {"bars": bar_results, "medians": medians, "missing": missing, "samples": samples}
        options.json.write_text(json.dumps({**facts, **figures}, indent=1) + "\n", "utf-8")
    for name, value in machine(PACKAGES).items():
        print(f"{name}: {value}")
    print(f"load: {load_before} before, {load()} after; {plan.rounds} rounds, medians\n")
    print(f"{table.table(medians, missing)}\n\n{table.verdicts(judged)}")
    return int(any(verdict.met is False for verdict in judged))


def print_progress(text: str) -> None:
    """Print the progress on standard error. The results go to standard output."""
    print(text, file=sys.stderr, flush=True)


def _gather(ways: Iterable[str]) -> tuple[dict[str, Peer], dict[str, str]]:
    """The peers of the ways that can be measured, and the reasons for the missing ones."""
    factories = peers()
    by_name: dict[str, Peer | Missing] = {}
    available: dict[str, Peer] = {}
    missing: dict[str, str] = {}
    for way in ways:
        name = WAYS[way].peer
        if name not in by_name:
            try:
                by_name[name] = factories[name]()
            except Missing as reason:
                by_name[name] = reason
        peer = by_name[name]
        if isinstance(peer, Missing):
            missing[way] = str(peer)
        else:
            available[way] = peer
    return available, missing


def _measure(
    available: Mapping[str, Peer], plan: Plan, display: Mapping[str, str], times: int
) -> Samples:
    samples: Samples = defaultdict(lambda: defaultdict(list))
    ways = list(available)
    with contextlib.ExitStack() as started:
        running: dict[str, Running] = {}
        for way in ways:
            name = WAYS[way].peer
            if name not in running:
                running[name] = started.enter_context(Running(available[way], display))
            for order in plan.warm(WAYS[way]):
                running[name].ask(order)
        for turn in range(plan.rounds):
            print_progress(f"Round {turn + 1} of {plan.rounds} ...")
            # Each round begins with another way, so that no way always follows the slowest one.
            for measurement in plan.measurements:
                for way in [*ways[turn % len(ways) :], *ways[: turn % len(ways)]]:
                    orders = plan.orders(WAYS[way])
                    if measurement in orders:
                        figures = _calmest(running[WAYS[way].peer], orders[measurement], times)
                        samples[way][measurement].append(figures)
    return {way: dict(measured) for way, measured in samples.items()}


def _calmest(peer: Running, order: Order, times: int) -> Figures:
    """Measure until other programs are quiet, at most `times` times."""
    attempts = []
    for _ in range(times):
        start, busy_s, own_s = time.monotonic(), processor.busy_s(), processor.all_s()
        figures = peer.ask(order)
        foreign_s = processor.busy_s() - busy_s - (processor.all_s() - own_s)
        foreign = figures["others"] = max(0.0, foreign_s / (time.monotonic() - start))
        attempts.append(figures)
        if foreign <= CALM:
            break
    return min(attempts, key=lambda figures: figures["others"] or 0.0)


def _medians(rounds: Sequence[Figures]) -> Figures:
    medians: Figures = {}
    for figure in rounds[0]:
        values = [value for round_figures in rounds if (value := round_figures[figure]) is not None]
        medians[figure] = statistics.median(values) if values else None
    return medians
