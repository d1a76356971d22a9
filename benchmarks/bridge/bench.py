"""Bench: starts the peers, measures them in turns, and tells what came of it."""

import argparse
import contextlib
import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.bridge import bars, table
from benchmarks.bridge.peer import Peer, Running
from benchmarks.bridge.peers import Missing, build_page, peers
from benchmarks.bridge.plan import FULL, SHORT, WAYS, Plan
from benchmarks.bridge.screen import screen
from benchmarks.machine import load, machine

PACKAGES = ("pywebview", "PySide6-Essentials", "websockets")
Samples = dict[str, dict[str, list[dict[str, float | None]]]]
"""Way, measurement, and the figures of each round."""


def run(arguments: Sequence[str]) -> int:
    """Measure and tell; 1 when a bar was missed."""
    parser = argparse.ArgumentParser(prog="bench bridge", description=__doc__)
    parser.add_argument(
        "--full", action="store_true", help="a quarter of an hour instead of four minutes"
    )
    parser.add_argument("--json", type=Path, help="where to write all figures")
    parser.add_argument("--only", nargs="*", choices=WAYS, help="these ways alone")
    options = parser.parse_args(arguments)
    plan = FULL if options.full else SHORT
    say("Building the page and getting the peers ...")
    build_page()
    found, missing = _gather(options.only or list(WAYS))
    before = load()
    with screen() as display:
        if not display:
            missing |= {name: "there is no display" for name in WAYS if WAYS[name].peer != "qt"}
        samples = _measure(
            found, [name for name in WAYS if WAYS[name].peer in found], plan, display
        )
    medians = {
        way: {name: _medians(rounds) for name, rounds in measured.items()}
        for way, measured in samples.items()
    }
    judged = bars.judge(medians)
    facts = {
        "machine": machine(PACKAGES),
        "load": {"before": before, "after": load()},
        "rounds": plan.rounds,
        "medians": medians,
        "missing": missing,
        "bars": [
            {"bar": verdict.bar.title, "reached": verdict.reached, "met": verdict.met}
            for verdict in judged
        ],
        "samples": samples,
    }
    if options.json is not None:
        options.json.write_text(json.dumps(facts, indent=1), "utf-8")
    print("\n".join(f"{name}: {value}" for name, value in machine(PACKAGES).items()))
    print(f"load: {before} before, {load()} after\n")
    print(table.table(medians, missing))
    print()
    print(table.verdicts(judged))
    return int(any(verdict.met is False for verdict in judged))


def say(text: str) -> None:
    """A line on how far it is; what was found goes to standard output."""
    print(text, file=sys.stderr, flush=True)


def _gather(names: Iterable[str]) -> tuple[dict[str, Peer], dict[str, str]]:
    """The peers that these ways need, and the ways that cannot be had, with the reason."""
    known, found = peers(), dict[str, Peer]()
    missing: dict[str, str] = {}
    for name in names:
        peer = WAYS[name].peer
        if peer in found:
            continue
        try:
            found[peer] = known[peer]()
        except Missing as reason:
            missing[name] = str(reason)
    return found, missing


def _measure(
    found: Mapping[str, Peer], names: Sequence[str], plan: Plan, display: Mapping[str, str]
) -> Samples:
    samples: Samples = defaultdict(lambda: defaultdict(list))
    with contextlib.ExitStack() as started:
        running = {peer: started.enter_context(Running(found[peer], display)) for peer in found}
        for name in names:
            for order in plan.warm(WAYS[name]):
                running[WAYS[name].peer].ask(order)
        measurements = list(plan.orders(next(iter(WAYS.values()))))
        for turn in range(plan.rounds):
            say(f"Round {turn + 1} of {plan.rounds} ...")
            # Each round begins with another way, so that none is always the one after the worst.
            order_of_ways = [*names[turn % len(names) :], *names[: turn % len(names)]]
            for measurement in measurements:
                for name in order_of_ways:
                    wanted = plan.orders(WAYS[name])
                    if measurement in wanted:
                        figures = running[WAYS[name].peer].ask(wanted[measurement])
                        samples[name][measurement].append(figures)
    return {way: dict(measured) for way, measured in samples.items()}


def _medians(rounds: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    medians: dict[str, float | None] = {}
    for figure in rounds[0]:
        values = [value for one in rounds if (value := one[figure]) is not None]
        medians[figure] = statistics.median(values) if values else None
    return medians
