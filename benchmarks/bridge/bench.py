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
"""Way, measurement, and the figures of each round."""


def run(arguments: Sequence[str]) -> int:
    """Measure and tell; 1 when a bar was missed."""
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
    say("Building the page and getting the peers ...")
    build_page()
    found, missing = _gather(options.only or list(WAYS))
    began = load()
    with screen() as display:
        if not display:
            missing |= {way: "there is no display" for way in found if WAYS[way].peer != "qt"}
        there = {way: peer for way, peer in found.items() if way not in missing}
        samples = _measure(there, plan, display, options.calm)
    facts = {
        "machine": machine(PACKAGES),
        "load": {"before": began, "after": load()},
        "rounds": plan.rounds,
    }
    medians = {
        way: {name: _medians(rounds) for name, rounds in measured.items()}
        for way, measured in samples.items()
    }
    judged = bars.judge(medians)
    if options.json is not None:
        found_bars = [
            {"bar": verdict.bar.title, "reached": verdict.reached, "met": verdict.met}
            for verdict in judged
        ]
        figures = {"bars": found_bars, "medians": medians, "missing": missing, "samples": samples}
        options.json.write_text(json.dumps({**facts, **figures}, indent=1) + "\n", "utf-8")
    for name, value in machine(PACKAGES).items():
        print(f"{name}: {value}")
    print(f"load: {began} before, {load()} after; {plan.rounds} rounds, medians\n")
    print(f"{table.table(medians, missing)}\n\n{table.verdicts(judged)}")
    return int(any(verdict.met is False for verdict in judged))


def say(text: str) -> None:
    """A line on how far it is; what was found goes to standard output."""
    print(text, file=sys.stderr, flush=True)


def _gather(ways: Iterable[str]) -> tuple[dict[str, Peer], dict[str, str]]:
    """The peer of each way that can be had, and why the others cannot."""
    known = peers()
    got: dict[str, Peer | Missing] = {}
    found: dict[str, Peer] = {}
    missing: dict[str, str] = {}
    for way in ways:
        name = WAYS[way].peer
        if name not in got:
            try:
                got[name] = known[name]()
            except Missing as reason:
                got[name] = reason
        peer = got[name]
        if isinstance(peer, Missing):
            missing[way] = str(peer)
        else:
            found[way] = peer
    return found, missing


def _measure(
    found: Mapping[str, Peer], plan: Plan, display: Mapping[str, str], times: int
) -> Samples:
    samples: Samples = defaultdict(lambda: defaultdict(list))
    ways = list(found)
    with contextlib.ExitStack() as started:
        running: dict[str, Running] = {}
        for way in ways:
            name = WAYS[way].peer
            if name not in running:
                running[name] = started.enter_context(Running(found[way], display))
            for order in plan.warm(WAYS[way]):
                running[name].ask(order)
        for turn in range(plan.rounds):
            say(f"Round {turn + 1} of {plan.rounds} ...")
            # Each round begins with another way, so that none is always the one after the worst.
            for measurement in plan.measurements:
                for way in [*ways[turn % len(ways) :], *ways[: turn % len(ways)]]:
                    wanted = plan.orders(WAYS[way])
                    if measurement in wanted:
                        figures = _calmest(running[WAYS[way].peer], wanted[measurement], times)
                        samples[way][measurement].append(figures)
    return {way: dict(measured) for way, measured in samples.items()}


def _calmest(peer: Running, order: Order, times: int) -> Figures:
    """Measure until nobody disturbed it, but no more than so many times."""
    tries = []
    for _ in range(times):
        began, busy_s, own_s = time.monotonic(), processor.busy_s(), processor.all_s()
        figures = peer.ask(order)
        foreign_s = processor.busy_s() - busy_s - (processor.all_s() - own_s)
        others = figures["others"] = max(0.0, foreign_s / (time.monotonic() - began))
        tries.append(figures)
        if others <= CALM:
            break
    return min(tries, key=lambda figures: figures["others"] or 0.0)


def _medians(rounds: Sequence[Figures]) -> Figures:
    medians: Figures = {}
    for figure in rounds[0]:
        values = [value for one in rounds if (value := one[figure]) is not None]
        medians[figure] = statistics.median(values) if values else None
    return medians
